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
