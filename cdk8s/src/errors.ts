export type ManifestErrorCode =
  | 'policy_invalid'
  | 'static_invalid'
  | 'issuer_invalid'
  | 'traces_invalid'
  | 'platform_invalid'
  | 'arguments_invalid'
  | 'chart_invalid';

/** Base of every error of this package: what was asked for cannot be rendered. */
export class ManifestError extends Error {
  readonly code: ManifestErrorCode;

  constructor(code: ManifestErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ManifestError';
    this.code = code;
  }
}
