import { type Clock, momentOf, pause, type Random } from '@sekisho/kube';
import type { Logger } from '@sekisho/telemetry';
import { BEAT_MS, beat } from './heartbeat.ts';
import type { OpenDatabase, Replica } from './open.ts';

export interface PulseOptions {
  readonly database: Pick<OpenDatabase, 'db'> & { readonly replica: Pick<Replica, 'age' | 'look'> | undefined };
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Pulse {
  /** One beat and one look, which never rejects. */
  round(): Promise<void>;
  /** Resolves once the database is not used any more. */
  stop(): Promise<void>;
}

/** Writes the heartbeat of the database every few seconds, and looks how old what the replica shows of it is. */
export function startPulse({ database: { db, replica }, log, clock, random }: PulseOptions): Pulse {
  const stopping = new AbortController();
  // Who reads tells what is away, once.
  const quietly = (work: Promise<void> | undefined) =>
    work?.catch((err: unknown) => log.debug({ err }, 'the heartbeat of the database was missed'));

  async function see(): Promise<void> {
    const at = momentOf(clock);
    const now = await beat(db);
    replica?.age.saw({ at, now });
  }

  async function round(): Promise<void> {
    await quietly(see());
    await quietly(replica?.look());
  }

  async function run({ signal }: AbortController): Promise<void> {
    while (!signal.aborted) {
      await round();
      // Up to a half less, so that processes do not come in step.
      await pause(clock, BEAT_MS * (0.5 + 0.5 * random()), signal);
    }
  }

  const running = run(stopping);
  return {
    round,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
