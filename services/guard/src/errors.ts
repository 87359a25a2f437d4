import type { KeyFailure } from './keys/key-failure.ts';

export type GuardErrorCode = 'not_loaded' | 'stale' | 'route_unreadable' | 'keys_missing' | KeyFailure;

/** Every error of this process that is not a decision about a request. */
export class GuardError extends Error {
  readonly code: GuardErrorCode;

  constructor(code: GuardErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GuardError';
    this.code = code;
  }
}
