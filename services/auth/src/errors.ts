/** Every refusal of this service, with its HTTP status; those with 500 stop the start and are never told to clients. */
export const AUTH_ERRORS = {
  request_invalid: { status: 400 },
  credentials_invalid: { status: 401 },
  session_expired: { status: 401 },
  permission_missing: { status: 403 },
  insufficient_scope: { status: 403 },
  csrf_refused: { status: 403 },
  claims_too_large: { status: 422 },
  grants_ambiguous: { status: 422 },
  password_weak: { status: 422 },
  email_taken: { status: 409 },
  last_administrator: { status: 409 },
  version_conflict: { status: 412 },
  version_required: { status: 428 },
  user_unknown: { status: 404 },
  workload_unknown: { status: 404 },
  session_unknown: { status: 404 },
  grant_unknown: { status: 404 },
  key_unknown: { status: 404 },
  region_unknown: { status: 404 },
  key_unwanted: { status: 409 },
  client_taken: { status: 409 },
  client_unknown: { status: 404 },
  rate_limited: { status: 429 },
  unavailable: { status: 503 },
  secret_unusable: { status: 500 },
  key_unreadable: { status: 500 },
  database_in_use: { status: 500 },
  database_unusable: { status: 500 },
} as const;

export type AuthErrorCode = keyof typeof AUTH_ERRORS;

export interface AuthErrorOptions extends ErrorOptions {
  /** Seconds after which it may work. */
  readonly retryAfter?: number;
  /** JSON pointer (RFC 6901) to what of the body is refused. */
  readonly field?: string;
}

/** Every error of this service. `code` is stable; the message is shown to clients and holds nothing secret. */
export class AuthError extends Error {
  readonly code: AuthErrorCode;
  readonly retryAfter: number | undefined;
  readonly field: string | undefined;

  constructor(code: AuthErrorCode, message: string, options: AuthErrorOptions = {}) {
    super(message, options);
    this.name = 'AuthError';
    this.code = code;
    this.retryAfter = options.retryAfter;
    this.field = options.field;
  }

  get status(): number {
    return AUTH_ERRORS[this.code].status;
  }
}
