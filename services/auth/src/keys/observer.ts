import type { Clock } from '@sekisho/kube';
import type { Logger } from '@sekisho/telemetry';
import type { KeyObserver } from './key-keeper.ts';
import type { KeyMetrics, Transition } from './metrics.ts';
import type { Step, WaitReason } from './rotation.ts';

export interface KeyObserverOptions {
  readonly log: Logger;
  readonly metrics: KeyMetrics;
  readonly clock: Clock;
  /** A key that waits longer before it signs is worth a warning. */
  readonly overdueMs: number;
}

const HOUR_MS = 3600_000;

const DONE = {
  start: { state: 'active', message: 'a signing key was made that signs at once' },
  prepare: { state: 'next', message: 'a signing key was made and is published' },
  promote: { state: 'active', message: 'the next signing key signs from now on' },
  discard: {
    state: 'retired',
    message: 'the next signing key is discarded: another algorithm, or one of this region, is wanted',
  },
  relieve: { state: undefined, message: 'a signing key retires, because another one signs, too' },
  retire: { state: 'retired', message: 'a signing key was retired and its private half erased' },
  lengthen: { state: undefined, message: 'the signing keys are to outlive longer tokens from now on' },
} as const satisfies Record<Exclude<Step['kind'], 'rest'>, { state: Transition | undefined; message: string }>;

/** Tells log and metrics. What goes on is told when it begins, and then once an hour. */
export function createKeyObserver({ log, metrics, clock, overdueMs }: KeyObserverOptions): KeyObserver {
  const failing = hourly(clock);
  const waiting = hourly(clock);
  const unreadable = hourly(clock);
  return {
    seen(keys, now, { wait }) {
      metrics.observe(keys, now, wait?.reason);
      if (failing.end()) log.info('the signing keys are looked after again');
      if (wait === undefined || !isWorth(wait.reason, now - wait.since > overdueMs)) waiting.end();
      else if (waiting.isDue()) {
        const kid = keys.find(({ state }) => state === 'next')?.kid;
        log.warn({ kid, reason: wait.reason, waitsMs: now - wait.since }, 'the next signing key has to wait');
      }
    },
    done(step) {
      const { state, message } = DONE[step.kind];
      if (state !== undefined) metrics.entered(state);
      log.info('kid' in step ? { kid: step.kid } : {}, message);
    },
    compromised(kid) {
      metrics.entered('compromised');
      log.warn({ kid }, 'a signing key was reported as compromised and is retired');
    },
    unreadable(kids) {
      if (kids.length === 0) unreadable.end();
      else if (unreadable.isDue())
        log.error({ kids }, 'keys of other regions cannot be read: their tokens are refused here');
    },
    failed(err) {
      if (failing.isDue()) log.error({ err }, 'the signing keys could not be looked after, will go on trying');
    },
  };
}

/** An API server that is away is told at once, the usual course of things only when it takes too long. */
function isWorth(reason: WaitReason, overdue: boolean): boolean {
  return reason === 'unreachable' || overdue;
}

interface Hourly {
  /** True the first time, and again whenever an hour has passed. */
  isDue(): boolean;
  /** What went on is over. @returns whether it did */
  end(): boolean;
}

function hourly(clock: Clock): Hourly {
  let told: number | undefined;
  return {
    isDue() {
      const now = clock.monotonic();
      if (told !== undefined && now - told < HOUR_MS) return false;
      told = now;
      return true;
    },
    end() {
      const went = told !== undefined;
      told = undefined;
      return went;
    },
  };
}
