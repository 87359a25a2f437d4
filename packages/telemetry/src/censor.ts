/** Names of fields whose value is never written. */
export const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'set-cookie',
  'token',
  'access_token',
  'refresh_token',
  'password',
  'secret',
] as const;
export const CENSORED = '[redacted]';

const SECRETS: ReadonlySet<string> = new Set(SECRET_FIELDS);
/** `{ req: { headers: { cookie } } }`, and one more. */
const MAX_DEPTH = 3;

/**
 * Replaces secrets up to three objects below the fields of a line; those fields themselves are pino's to redact. It could
 * do both, but looks for every path in every value: of a line that held nothing but numbers that took nine tenths.
 * @param serialized fields that are left as they are, for serializers that are allow lists
 * @returns the same object when no field holds another one
 */
export function censorNested(
  fields: Record<string, unknown>,
  serialized: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'object' || Object.hasOwn(serialized, name)) continue;
    copy ??= { ...fields };
    copy[name] = censored(value, MAX_DEPTH);
  }
  return copy ?? fields;
}

function censored(value: unknown, depth: number): unknown {
  // What writes itself, as a date does, has no fields to look at.
  if (typeof value !== 'object' || value === null || depth === 0 || 'toJSON' in value) return value;
  if (Array.isArray(value)) return value.map((item) => censored(item, depth - 1));
  const fields = Object.entries(value).map(([name, field]) => [
    name,
    SECRETS.has(name) ? CENSORED : censored(field, depth - 1),
  ]);
  return Object.fromEntries(fields);
}
