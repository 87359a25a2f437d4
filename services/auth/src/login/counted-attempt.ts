import { SessionError } from '@sekisho/sessions';
import { AuthError } from '../errors.ts';
import type { AuthMetrics, LoginFailure, LoginMethod } from '../metrics.ts';
import { LoginRefused } from './login.ts';

/** Counts a log-in that is tried, and why it failed. */
export async function countedAttempt<T>(
  metrics: Pick<AuthMetrics, 'attempts' | 'failures'>,
  method: LoginMethod,
  attempt: () => Promise<T>,
): Promise<T> {
  try {
    const result = await attempt();
    metrics.attempts.inc({ method, result: 'success' });
    return result;
  } catch (error) {
    metrics.attempts.inc({ method, result: 'failure' });
    metrics.failures.inc({ method, reason: reasonOf(error) });
    throw error;
  }
}

function reasonOf(error: unknown): LoginFailure {
  if (error instanceof LoginRefused) return error.reason;
  const isAway = error instanceof AuthError && error.code === 'unavailable';
  return isAway || error instanceof SessionError ? 'unavailable' : 'error';
}
