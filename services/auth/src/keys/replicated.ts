import type { Clock } from '@sekisho/kube';
import type { ReportSpread } from './issuer-spread.ts';

export interface ReplicatedOptions {
  readonly spread: ReportSpread;
  /** Whether the replica of the database has a key that waits. */
  readonly isThere: (kid: string) => Promise<boolean>;
  /** How long everybody who reads the replica may take to notice; see KeyTiming. */
  readonly settleMs: number;
  readonly cacheMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** More keys do not wait at the same time; to forget when they were seen makes them wait again. */
const MAX_REMEMBERED = 256;

/**
 * A process that does not reach the primary publishes what the replica has: a key is held here only once that has it, too, for so long
 * that everybody has noticed.
 */
export function replicated({ spread, isThere, settleMs, cacheMs, clock }: ReplicatedOptions): ReportSpread {
  const since = new Map<string, number>();

  async function isSettled(kid: string): Promise<boolean> {
    // What a replica has it keeps, also while it does not answer.
    if (!since.has(kid)) {
      if (!(await isThere(kid).catch(() => false))) return false;
      if (since.size >= MAX_REMEMBERED) since.clear();
      since.set(kid, clock.monotonic());
    }
    return clock.monotonic() - (since.get(kid) ?? Number.POSITIVE_INFINITY) >= settleMs + cacheMs;
  }

  return async (kid, signal) => {
    const [told, settled] = await Promise.all([spread(kid, signal), isSettled(kid)]);
    return told.kind === 'missing' || settled ? told : { kind: 'missing', reason: 'replica_behind' };
  };
}
