import { type DestinationStream, type Logger, pino } from 'pino';
import { serializeError } from './serialize-error.ts';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  /** The process' name, on every line. */
  readonly name: string;
  /** @default 'info' */
  readonly level?: LogLevel;
  /** @default standard output */
  readonly destination?: DestinationStream;
}

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'set-cookie',
  'token',
  'access_token',
  'refresh_token',
  'password',
  'secret',
] as const;

/** A secret is censored at the top and up to three objects deep: `{ req: { headers: { cookie } } }`. */
const REDACTED_PATHS = ['', '*', '*.*', '*.*.*'].flatMap((prefix) =>
  SECRET_FIELDS.map((field) => `${prefix}["${field}"]`),
);

/** One JSON line per event on standard output. Fits as fastify's `loggerInstance`. */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    serializers: { err: serializeError, error: serializeError, req: serializeRequest, res: serializeResponse },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

interface RequestLike {
  readonly method?: string;
  readonly url?: string;
}

/** Neither headers nor the query: both carry credentials (RFC 6750 section 2.3). */
function serializeRequest(request: RequestLike) {
  return { method: request.method, path: request.url?.split('?', 1)[0] };
}

function serializeResponse(response: { readonly statusCode?: number }) {
  return { statusCode: response.statusCode };
}
