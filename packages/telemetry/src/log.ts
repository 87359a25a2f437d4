import { type DestinationStream, type Logger, pino } from 'pino';
import { CENSORED, censorNested, SECRET_FIELDS } from './censor.ts';
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

/** What brings an allow list of its own. */
const SERIALIZERS = { err: serializeError, error: serializeError, req: serializeRequest, res: serializeResponse };

/**
 * One JSON line per event on standard output. Fits as fastify's `loggerInstance`. Secrets are censored up to three objects deep;
 * among a child's bindings, and in what is put into a message, at the top.
 */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => censorNested(fields, SERIALIZERS),
    },
    redact: { paths: SECRET_FIELDS.map((field) => `["${field}"]`), censor: CENSORED },
    serializers: SERIALIZERS,
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
