/** RFC 6749 section 5.2, RFC 8693 section 2.2.2. */
export type ExchangeErrorCode = 'invalid_request' | 'invalid_target' | 'invalid_scope' | 'rate_limited';

export interface ExchangeErrorOptions extends ErrorOptions {
  /** Seconds, of `rate_limited`. */
  readonly retryAfter?: number;
}

/** A refused exchange. The message is told to the workload and holds nothing of its tokens; why a token is refused is the cause. */
export class ExchangeError extends Error {
  readonly code: ExchangeErrorCode;
  readonly retryAfter: number | undefined;

  constructor(code: ExchangeErrorCode, message: string, options: ExchangeErrorOptions = {}) {
    super(message, options);
    this.name = 'ExchangeError';
    this.code = code;
    this.retryAfter = options.retryAfter;
  }
}
