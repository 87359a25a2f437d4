export type OperatorErrorCode =
  | 'not_kept'
  | 'jwks_unreachable'
  | 'jwks_timeout'
  | 'jwks_status'
  | 'jwks_redirect'
  | 'jwks_too_large'
  | 'jwks_not_json'
  | 'jwks_invalid'
  | 'not_synced'
  | 'webhook_secret_contended'
  | 'webhook_not_trusted'
  | 'istiod_unreachable'
  | 'istiod_forbidden'
  | 'istiod_unreadable';

/** Every failure that this package finds itself. Its message may be shown in a status: it holds no secret and no URL. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly code: OperatorErrorCode;

  constructor(code: OperatorErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}
