const STATUS = {
  file_unknown: 404,
  files_full: 409,
  file_too_large: 413,
  upload_incomplete: 400,
  file_missing: 400,
} as const;

/** What goes wrong in this service beyond the caller's rights. `code` is stable and told to the client. */
export class FileError extends Error {
  readonly code: keyof typeof STATUS;
  readonly statusCode: number;

  constructor(code: keyof typeof STATUS, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FileError';
    this.code = code;
    this.statusCode = STATUS[code];
  }
}
