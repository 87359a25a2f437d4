export type SessionErrorCode =
  | 'redis_unavailable'
  | 'redis_url_invalid'
  | 'session_invalid'
  | 'session_untold'
  | 'revocation_invalid';

/** Every error of this package. `redis_unavailable` and `session_untold` are worth trying again; the others are defects of a caller or of stored data. */
export class SessionError extends Error {
  readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SessionError';
    this.code = code;
  }
}

/** The store, or the way to it, is away. */
export function isRedisUnavailable(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'redis_unavailable';
}

/** Another region may know the session, and could not tell of it yet. No store is away then. */
export function isSessionUntold(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'session_untold';
}

/** What is stored cannot be read: nobody's session, and no reason to try again. */
export function isSessionInvalid(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'session_invalid';
}

/** For who reads many sessions: one that is damaged is good for nothing, and must not keep anybody from ending the others. */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isSessionInvalid(error)) return undefined;
    throw error;
  }
}

/** For `catch`: what stands in for a store's answer while it is away. Every other error is thrown on. */
export function whileRedisUnavailable<T>(otherwise: () => T): (error: unknown) => T {
  return (error) => {
    if (isRedisUnavailable(error)) return otherwise();
    throw error;
  };
}
