const STATUS = {
  token_missing: 401,
  token_malformed: 401,
  audience_mismatch: 401,
  permission_missing: 403,
  caller_not_allowed: 403,
  unavailable: 503,
} as const;

export type IdentityErrorCode = keyof typeof STATUS;

/**
 * Base of every error of this package. `code` is stable and one of the platform's problem codes;
 * `statusCode` is the HTTP status that belongs to it. No message holds a header's value.
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
