import { KubeError } from './errors.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field when it is a string that is not empty. */
export function textField(record: JsonRecord, field: string): string | undefined {
  const value = record[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Parses JSON; what is not JSON becomes a `malformed` error that repeats none of it. */
export function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be a Secret's: it is no cause to keep.
    throw new KubeError('malformed', `${what}: the answer is not JSON`);
  }
}
