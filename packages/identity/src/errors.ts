const STATUS = {
  token_missing: 401,
  token_malformed: 401,
  token_expired: 401,
  token_invalid: 401,
  audience_mismatch: 401,
  permission_missing: 403,
  caller_not_allowed: 403,
  unavailable: 503,
  // Calls to other services.
  user_missing: 403,
  exchange_refused: 502,
  exchange_failed: 503,
  call_failed: 503,
  call_timed_out: 504,
  answer_too_large: 502,
  call_invalid: 500,
} as const;

export type IdentityErrorCode = keyof typeof STATUS;

/**
 * Base of every error of this package. `code` is stable and, where a request is refused, one of the platform's problem
 * codes; `statusCode` is the HTTP status that belongs to it. No message holds a header's value or a token.
 */
export class IdentityError extends Error {
  readonly code: IdentityErrorCode;
  readonly statusCode: number;

  constructor(code: IdentityErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'IdentityError';
    this.code = code;
    this.statusCode = STATUS[code];
  }
}

export type ServiceCallErrorCode =
  | 'user_missing'
  | 'exchange_refused'
  | 'exchange_failed'
  | 'call_failed'
  | 'call_timed_out'
  | 'answer_too_large'
  | 'call_invalid';

/** A call to another service that did not come about. It says nothing of the caller, so no adapter answers with it by itself. */
export class ServiceCallError extends IdentityError {
  declare readonly code: ServiceCallErrorCode;

  constructor(code: ServiceCallErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'ServiceCallError';
  }
}

/** A caller that may not do what it asks for: an answer, and not a fault of this service. */
export function isRefusal(error: unknown): error is IdentityError {
  return error instanceof IdentityError && !(error instanceof ServiceCallError);
}
