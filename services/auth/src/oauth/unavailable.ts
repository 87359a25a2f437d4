import { isRedisUnavailable, isSessionUntold, type SessionError } from '@sekisho/sessions';
import { errors } from 'oidc-provider';
import { AuthError } from '../errors.ts';

const STATUS = 503;
/** Seconds: as long as every other 503 of this service asks for. */
export const RETRY_AFTER = 1;

/**
 * What is thrown while Redis or the database is away, as OAuth tells it: `temporarily_unavailable`, which the
 * authorization endpoint knows (RFC 6749 section 4.1.2.1) and every client can read.
 */
export async function available<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isOutage(error) ? unavailable(error) : error;
  }
}

function isOutage(error: unknown): error is AuthError | SessionError {
  if (isRedisUnavailable(error) || isSessionUntold(error)) return true;
  return error instanceof AuthError && error.code === 'unavailable';
}

/** What `available` threw, also after it went through oidc-provider. */
export function isUnavailable(error: unknown): boolean {
  return isOutage(error) || (error instanceof errors.TemporarilyUnavailable && error.status === STATUS);
}

function unavailable(cause: Error): Error {
  const error = new errors.TemporarilyUnavailable('try again in a moment');
  // oidc-provider answers 400 to all errors of this kind.
  return Object.assign(error, { status: STATUS, statusCode: STATUS, cause });
}
