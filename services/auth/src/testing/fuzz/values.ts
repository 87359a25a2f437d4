import fc, { type Arbitrary } from 'fast-check';
import type { JsonSchema } from './document.ts';

/** Values that a schema accepts. What is said of the whole (a service twice, a pair of fields) is not its matter. */
export function accepted(schema: JsonSchema): Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(accepted));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'object':
      return objectOf(schema);
    case 'array':
      return arrayOf(schema);
    case 'string':
      return textOf(schema);
    case 'integer':
    case 'number':
      return integerOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf({ properties = {}, required = [], minProperties = 0, maxProperties }: JsonSchema) {
  const shape = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, accepted(property)]));
  const names = Object.keys(shape);
  if (maxProperties === 1) return fc.oneof(...names.map((name) => fc.record({ [name]: shape[name] ?? fc.anything() })));
  const some = fc.record(shape, { requiredKeys: [...required] });
  return some.filter((value) => Object.keys(value).length >= minProperties);
}

function arrayOf({ items = {}, minItems = 0, maxItems = 3, uniqueItems = false }: JsonSchema) {
  const length = { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 3)) };
  return uniqueItems ? fc.uniqueArray(accepted(items), length) : fc.array(accepted(items), length);
}

function integerOf({ minimum = -1_000, maximum = 1_000_000 }: JsonSchema): Arbitrary<number> {
  return fc.integer({ min: minimum, max: Math.min(maximum, Number.MAX_SAFE_INTEGER) });
}

/** fast-check knows neither classes of Unicode nor what may not follow: samples stand for them. */
const UNICODE_CLASS = /\[\^(?=[^\]]*\\p)[^\]]*\]/g;
const LOOKAHEAD = /\(\?![^)]*\)/g;
const SAMPLES = '[a-z0-9A-Zéあ漢𠮷-]';

function textOf({ pattern, format, minLength = 0, maxLength = 64 }: JsonSchema): Arbitrary<string> {
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const bounds = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, 64)) };
  if (pattern === undefined) return fc.string({ ...bounds, unit: 'grapheme' });
  const sampled = new RegExp(pattern.replace(LOOKAHEAD, '').replace(UNICODE_CLASS, SAMPLES), 'u');
  const exact = new RegExp(pattern, 'u');
  return fc
    .stringMatching(sampled)
    .filter((text) => exact.test(text) && text.length >= minLength && text.length <= maxLength);
}

const LONE = '\ud800';

/** What breaks parsers, stores, headers and comparisons. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  -0,
  0.1,
  2 ** 53,
  1e308,
  Number.MIN_VALUE,
  '',
  ' ',
  'null',
  '\0',
  'a\0b',
  'a\r\nx: y',
  LONE,
  `${LONE}a`,
  '\u202e\u200b\ufeff',
  '\u0130',
  "' or 1=1; --",
  '{{7*7}}',
  '../../etc/passwd',
  '%00',
  '__proto__',
  'x'.repeat(600),
  'é'.repeat(5_000),
  [],
  [[]],
  {},
  { __proto__: null, constructor: { prototype: {} } },
  [1, 'a', null],
];

export const strangeValue: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...STRANGE),
  fc.anything({ maxDepth: 2, withNullPrototype: false }).filter((value) => JSON.stringify(value) !== undefined),
  fc.integer({ min: 20, max: 2_000 }).map(nested),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

export const strangeText: Arbitrary<string> = fc.oneof(
  fc.constantFrom(...STRANGE.filter((value) => typeof value === 'string')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A value that is broken in one place: something else there, gone, or one field too many. */
export function brokenOnce(value: unknown): Arbitrary<unknown> {
  const places = placesIn(value);
  return fc
    .tuple(fc.constantFrom(...places), fc.constantFrom('replace', 'remove', 'add'), strangeValue, strangeText)
    .map(([place, how, junk, name]) => changedAt(value, place, (old) => broken(old, { how, junk, name })));
}

type Place = readonly (string | number)[];

function placesIn(value: unknown, place: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [place];
  const below = Object.entries(value).flatMap(([name, part]) => placesIn(part, [...place, name]));
  return [place, ...below];
}

const REMOVED = Symbol('removed');

function broken(old: unknown, { how, junk, name }: { how: string; junk: unknown; name: string }): unknown {
  if (how === 'remove') return REMOVED;
  if (how === 'replace' || typeof old !== 'object' || old === null) return junk;
  return Array.isArray(old) ? [...old, junk] : { ...old, [name]: junk };
}

function changedAt(value: unknown, [first, ...rest]: Place, change: (old: unknown) => unknown): unknown {
  if (first === undefined) {
    const changed = change(value);
    return changed === REMOVED ? undefined : changed;
  }
  const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
  const part = rest.length === 0 ? change(copy[first]) : changedAt(copy[first], rest, change);
  if (part === REMOVED) delete copy[first];
  else copy[first] = part;
  return Array.isArray(value) ? Object.values(copy) : copy;
}
