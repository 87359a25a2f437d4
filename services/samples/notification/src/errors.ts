const STATUS = { notification_unknown: 404, actor_missing: 403 } as const;

/** What goes wrong in this service beyond the caller's rights. `code` is stable and told to the client. */
export class NotificationError extends Error {
  readonly code: keyof typeof STATUS;
  readonly statusCode: number;

  constructor(code: keyof typeof STATUS, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotificationError';
    this.code = code;
    this.statusCode = STATUS[code];
  }
}
