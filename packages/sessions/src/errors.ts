export type SessionErrorCode = 'redis_unavailable' | 'session_invalid';

/** Every error of this package. `redis_unavailable` is worth trying again, `session_invalid` is a defect of a caller or of stored data. */
export class SessionError extends Error {
  readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SessionError';
    this.code = code;
  }
}
