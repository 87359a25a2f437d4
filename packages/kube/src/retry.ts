import { type BackoffBounds, backoffMs } from './backoff.ts';
import { type Clock, pause, type Random } from './clock.ts';
import { KubeError } from './errors.ts';

export interface RetryOptions {
  /** Tries in all. */
  readonly attempts: number;
  readonly backoff: BackoffBounds;
  /** A longer Retry-After is not obeyed but handed to the caller as the error. */
  readonly maxRetryAfterMs: number;
}

export const DEFAULT_RETRY: RetryOptions = {
  attempts: 4,
  backoff: { baseMs: 100, maxMs: 2_000 },
  maxRetryAfterMs: 10_000,
};

export interface RetryContext {
  /** Whether the call may be repeated although the server could have carried it out. */
  readonly idempotent: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Repeats `attempt` while its error is worth it; then throws the last one. */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions, context: RetryContext): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (failures >= options.attempts || !isRetryable(error, context.idempotent)) throw error;
      const wait = error.retryAfterMs ?? backoffMs(failures, options.backoff, context.random);
      if (wait > options.maxRetryAfterMs) throw error;
      await pause(context.clock, wait, context.signal);
      if (context.signal.aborted) throw error;
    }
  }
}

function isRetryable(error: unknown, idempotent: boolean): error is KubeError {
  if (!(error instanceof KubeError)) return false;
  // 429 means that the server did nothing: safe for every call.
  if (error.code === 'too_many_requests') return true;
  return idempotent && (error.code === 'unavailable' || error.code === 'network' || error.code === 'timeout');
}
