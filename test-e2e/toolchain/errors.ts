/** Why a tool could not be had. */
export type ToolchainErrorCode =
  | 'cache_unusable'
  | 'python_missing'
  | 'wheel_failed'
  | 'go_missing'
  | 'go_failed'
  | 'unsupported_platform';

/** A tool of the local mesh is missing and could not be made. The message says what to do. */
export class ToolchainError extends Error {
  override readonly name = 'ToolchainError';
  readonly code: ToolchainErrorCode;
  constructor(code: ToolchainErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
