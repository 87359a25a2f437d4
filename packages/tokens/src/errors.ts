/** Codes of a refused token, as the HTTP surface and metrics tell them; `claims_*` and `key_*` are defects of a caller. */
export const TOKEN_ERROR_CODES = [
  'token_missing',
  'token_malformed',
  'token_expired',
  'token_invalid',
  'token_revoked',
  'audience_mismatch',
  'chain_too_long',
  'claims_invalid',
  'claims_too_large',
  'key_invalid',
  'key_unreadable',
] as const;
export type TokenErrorCode = (typeof TOKEN_ERROR_CODES)[number];

/** Every error of this package. `code` is stable; the message never holds a token, a claim's value or a key. */
export class TokenError extends Error {
  readonly code: TokenErrorCode;

  constructor(code: TokenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TokenError';
    this.code = code;
  }
}
