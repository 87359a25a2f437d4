import { NoForm } from '../../oauth/testing/browser.ts';
import { type Actor, pace, Refused, Unavailable } from './actor.ts';
import type { Ledger } from './ledger.ts';

/** One after the other, for as long as the load lasts. */
export interface Part {
  readonly name: string;
  readonly actors: readonly Actor[];
  round(actor: Actor): Promise<void>;
}

export interface Load {
  /** Resolves when every request is answered. */
  finished(): Promise<void>;
}

/** A constant load: every actor has one request in flight, or a few. */
export function startLoad(ledger: Ledger, parts: readonly Part[], stopping: AbortSignal): Load {
  const running = parts.flatMap((part) => part.actors.map((actor) => repeat(ledger, part, { actor, stopping })));
  return { finished: async () => void (await Promise.all(running)) };
}

async function repeat(
  ledger: Ledger,
  { name, round }: Part,
  { actor, stopping }: { actor: Actor; stopping: AbortSignal },
): Promise<void> {
  while (!stopping.aborted) {
    try {
      await round(actor);
      ledger.count(name, 'rounds');
    } catch (error) {
      // That the service could not, the ledger has seen itself.
      if (error instanceof Unavailable) continue;
      if (ledger.mayLose && (error instanceof Refused || error instanceof NoForm)) ledger.count(name, 'lost');
      else ledger.defects.push(`${name}: ${error instanceof Error ? error.message : error}`);
    } finally {
      await pace();
    }
  }
}
