import { AuthError } from '../errors.ts';

const UNIQUE_VIOLATION = '23505';

/** The one place where what a driver throws becomes `unavailable`. */
export async function guarded<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (cause) {
    if (cause instanceof AuthError) throw cause;
    throw new AuthError('unavailable', 'the database does not answer', { cause, retryAfter: 1 });
  }
}

/** SQLSTATE 23505, as pg and PGlite both report it. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;
}
