const STATUS = { item_unknown: 404, items_full: 409, user_service_failed: 503, notification_failed: 503 } as const;

/** What goes wrong in this service beyond the caller's rights. `code` is stable and told to the client. */
export class BucketError extends Error {
  readonly code: keyof typeof STATUS;
  readonly statusCode: number;

  constructor(code: keyof typeof STATUS, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BucketError';
    this.code = code;
    this.statusCode = STATUS[code];
  }
}
