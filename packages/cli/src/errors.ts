/** What a shell sees. Documented in `sekisho --help`. */
export const EXIT = { ok: 0, failure: 1, usage: 2, negative: 3, interrupted: 130 } as const;

const CODES = {
  usage: EXIT.usage,
  confirmation_missing: EXIT.usage,
  server_missing: EXIT.usage,
  server_unsafe: EXIT.usage,
  token_missing: EXIT.failure,
  token_unreadable: EXIT.failure,
  server_unreachable: EXIT.failure,
  answer_invalid: EXIT.failure,
  refused: EXIT.failure,
  not_found: EXIT.failure,
  cancelled: EXIT.failure,
  policies_unreadable: EXIT.failure,
  policy_invalid: EXIT.failure,
  keys_unreadable: EXIT.failure,
  cluster_unreachable: EXIT.failure,
  ambiguous: EXIT.usage,
  denied: EXIT.negative,
  incomplete: EXIT.negative,
  interrupted: EXIT.interrupted,
} as const;

export type CliErrorCode = keyof typeof CODES;

export interface CliErrorOptions extends ErrorOptions {
  /** What the person can do now, as a sentence. */
  readonly wayOut?: string;
  /** More lines, each about one field. */
  readonly details?: readonly string[];
}

/** Every error of this package: what went wrong, and the way out. Holds no token and no password. */
export class CliError extends Error {
  readonly code: CliErrorCode;
  readonly wayOut: string | undefined;
  readonly details: readonly string[];

  constructor(code: CliErrorCode, message: string, { wayOut, details = [], ...options }: CliErrorOptions = {}) {
    super(message, options);
    this.name = 'CliError';
    this.code = code;
    this.wayOut = wayOut;
    this.details = details;
  }

  get exitCode(): number {
    return CODES[this.code];
  }
}
