import { type Clock, pause, type Random } from '@sekisho/kube';
import type { Logger } from '@sekisho/telemetry';
import type { ConfirmLogIns } from '../login/confirm-log-ins.ts';
import type { RevocationOutbox } from './revocation-outbox.ts';

export interface UpkeepOptions {
  readonly outbox: Pick<RevocationOutbox, 'drain'>;
  readonly confirmLogIns: ConfirmLogIns;
  /** Removes audit entries older than that, a bounded number; resolves to whether there may be more. */
  readonly forgetAuditBefore: (moment: Date) => Promise<boolean>;
  /** Days that audit entries are kept. */
  readonly auditRetentionDays: number;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Upkeep {
  /** One round, which never rejects. */
  pass(): Promise<void>;
  /** Goes round again and again until `stop`. */
  start(): void;
  /** Resolves once the database is not used any more. */
  stop(): Promise<void>;
}

/** A revocation whose process died waits this long for another one. */
const ROUND_MS = 2_000;
const FORGET_EVERY_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** What accounts need beside requests: revocations that are still owed, log-ins to confirm, and an audit log that does not grow for ever. */
export function createUpkeep(options: UpkeepOptions): Upkeep {
  const { outbox, confirmLogIns, log, clock, random } = options;
  const stopping = new AbortController();
  let running = Promise.resolve();
  let forgottenAt = Number.NEGATIVE_INFINITY;
  let failing = false;

  /** One part that always fails is in no other's way. */
  async function round(): Promise<void> {
    const parts = await Promise.allSettled([outbox.drain(), confirmLogIns(), forgetHourly()]);
    for (const part of parts) if (part.status === 'rejected') throw part.reason;
  }

  async function forgetHourly(): Promise<void> {
    if (clock.monotonic() - forgottenAt < FORGET_EVERY_MS) return;
    // More than one batch is for the next rounds: each is short.
    if (!(await forget(options))) forgottenAt = clock.monotonic();
  }

  async function pass(): Promise<void> {
    try {
      await round();
      if (failing) log.info('revocations that were owed are made');
      failing = false;
    } catch (err) {
      // Once, not every two seconds of an outage.
      if (!failing) log.warn({ err }, 'revocations are owed: it is tried again');
      failing = true;
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pass();
      // Up to a half less, so that replicas do not come in step.
      await pause(clock, ROUND_MS * (0.5 + 0.5 * random()), signal);
    }
  }

  return {
    pass,
    start: () => {
      running = run(stopping.signal);
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** @returns whether there may be more to forget */
async function forget({ forgetAuditBefore, auditRetentionDays, clock }: UpkeepOptions): Promise<boolean> {
  return forgetAuditBefore(new Date(clock.now() - auditRetentionDays * DAY_MS));
}
