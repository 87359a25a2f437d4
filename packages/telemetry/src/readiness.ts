import type { Logger } from './log.ts';

/** Resolves when the dependency works, rejects when not. The signal aborts when the time is over. */
export type Check = (signal: AbortSignal) => Promise<unknown>;
export type Checks = Readonly<Record<string, Check>>;

export interface Readiness {
  readonly status: 'ready' | 'unavailable';
  /** Names of the checks that failed or did not answer in time, as declared. */
  readonly failing: readonly string[];
}

export interface ReadinessOptions {
  readonly checks: Checks;
  /** Time for all checks together. @default 1000 */
  readonly timeoutMs?: number | undefined;
  readonly log: Logger;
}

/**
 * A function that runs every check at once and never rejects. Why a check failed is told to the log, once until it works again, and not to
 * whoever may read the endpoint: a probe comes every second.
 */
export function createReadiness({ checks, timeoutMs = 1_000, log }: ReadinessOptions): () => Promise<Readiness> {
  const failingSince = new Set<string>();
  return async () => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outcomes = await Promise.all(Object.entries(checks).map(([name, check]) => outcome(name, check, signal)));
    for (const { check, failed, err } of outcomes) {
      if (!failed) {
        if (failingSince.delete(check)) log.info({ check }, 'readiness check works again');
      } else if (!failingSince.has(check)) {
        failingSince.add(check);
        log.warn({ check, err }, 'readiness check failed');
      }
    }
    const failing = outcomes.filter(({ failed }) => failed).map(({ check }) => check);
    return { status: failing.length === 0 ? 'ready' : 'unavailable', failing };
  };
}

interface Outcome {
  readonly check: string;
  readonly failed: boolean;
  readonly err?: unknown;
}

async function outcome(check: string, run: Check, signal: AbortSignal): Promise<Outcome> {
  try {
    await Promise.race([run(signal), aborted(signal)]);
    return { check, failed: false };
  } catch (err) {
    return { check, failed: true, err };
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
