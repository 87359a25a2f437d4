export type PackagingErrorCode =
  | 'import_unresolved'
  | 'import_undeclared'
  | 'patched_at_import'
  | 'package_unreadable'
  | 'license_missing'
  | 'usage'
  | 'builder_failed';

/** Every failure that packaging finds itself; its message names the way out. */
export class PackagingError extends Error {
  override readonly name = 'PackagingError';
  readonly code: PackagingErrorCode;

  constructor(code: PackagingErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}
