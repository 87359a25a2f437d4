import { type Static, type TObject, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { TelemetryError } from './errors.ts';
import { LOG_LEVELS } from './log.ts';

/** An environment that does not fit its schema. The message has one line per variable, and no value. */
export class ConfigError extends TelemetryError {
  readonly variables: readonly string[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map((problem) => `  ${problem.variable} ${problem.text}`);
    super('config_invalid', ['the environment is not usable:', ...lines].join('\n'));
    this.variables = problems.map((problem) => problem.variable);
  }
}

interface Problem {
  readonly variable: string;
  readonly text: string;
}

/** What `process.env` is. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables that the schema names; an empty variable counts as absent, others are ignored.
 * Integers, numbers and booleans are converted from text. Each property's `description` is the way out
 * that the error shows, so write it as what to set: `'URL of Redis, for example redis://127.0.0.1:6379'`.
 * @throws ConfigError listing every variable that is missing or wrong
 */
export function readConfig<T extends TObject>(schema: T, env: Environment): Static<T> {
  const raw: Record<string, unknown> = {};
  for (const [name, property] of Object.entries<TSchema>(schema.properties)) {
    const text = env[name];
    if (text !== undefined && text !== '') raw[name] = convert(property, text);
  }
  const candidate = Value.Default(schema, raw);
  if (Value.Check(schema, candidate)) return candidate;
  throw new ConfigError(problems(schema, raw));
}

function convert(property: TSchema, text: string): unknown {
  const type = 'type' in property ? property.type : undefined;
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'number' && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function problems(schema: TObject, raw: Readonly<Record<string, unknown>>): Problem[] {
  const found: Problem[] = [];
  for (const [variable, property] of Object.entries<TSchema>(schema.properties)) {
    const candidate = Value.Default(property, raw[variable]);
    if (candidate === undefined && !schema.required?.includes(variable)) continue;
    const complaint = complain(property, candidate);
    if (complaint !== undefined) found.push({ variable, text: `${complaint}${wayOut(property)}` });
  }
  return found;
}

function complain(property: TSchema, candidate: unknown): string | undefined {
  if (candidate === undefined) return 'is not set';
  // The last error is the outermost: of a union it is the union's, not the first member's.
  return Value.Errors(property, candidate).at(-1)?.message;
}

function wayOut(property: TSchema): string {
  const description = 'description' in property ? property.description : undefined;
  return typeof description === 'string' ? ` (${description})` : '';
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const LISTEN = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:[\]]+)):(\d{1,5})$/;

/** Schema of a `HOST:PORT` variable; an IPv6 host stands in brackets, port 0 asks the system for a free one. */
export function ListenSchema(purpose: string, options: { default?: string } = {}) {
  return Type.String({
    ...options,
    pattern: LISTEN.source,
    description: `${purpose}: HOST:PORT, for example 127.0.0.1:8080`,
  });
}

/** Schema of a `LOG_LEVEL` variable. */
export const LogLevelSchema = Type.Enum([...LOG_LEVELS], {
  default: 'info',
  description: `one of ${LOG_LEVELS.join(', ')}`,
});

/** @throws ConfigError when the text is not `HOST:PORT` or the port is above 65535 */
export function parseListen(variable: string, text: string): ListenAddress {
  const match = LISTEN.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new ConfigError([{ variable, text: 'must be HOST:PORT with a port of at most 65535' }]);
  }
  return { host, port };
}
