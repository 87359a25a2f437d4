import Type, { type TProperties, type TSchema } from 'typebox';

/** One CEL rule of a CRD (`x-kubernetes-validations`): the API server refuses with this message. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

interface Options {
  readonly description?: string;
  readonly cel?: readonly CelRule[];
  readonly [keyword: string]: unknown;
}

function keywords({ cel, ...rest }: Options): Record<string, unknown> {
  return cel === undefined ? rest : { ...rest, 'x-kubernetes-validations': cel };
}

/** An object without unknown fields. */
export function object<T extends TProperties>(properties: T, options: Options = {}) {
  return Type.Object(properties, { additionalProperties: false, ...keywords(options) });
}

export function list<T extends TSchema>(items: T, maxItems: number, options: Options = {}) {
  return Type.Array(items, { minItems: 1, maxItems, ...keywords(options) });
}

export function text(maxLength: number, options: Options = {}) {
  return Type.String({ minLength: 1, maxLength, ...keywords(options) });
}

/** One of the given words; an OpenAPI enum, because structural schemas know no `const`. */
export function oneOf<const T extends readonly string[]>(words: T, options: Options = {}) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...words], ...keywords(options) });
}

/** A switch that can only be turned on: leaving it out is the other position. */
export function onlyTrue(options: Options = {}) {
  return Type.Unsafe<true>({ type: 'boolean', enum: [true], ...keywords(options) });
}

/** Text that must match one of PATTERN, so that the refusal can say in words what is expected. */
export function shaped(shape: Shape, maxLength: number, options: Options = {}) {
  return text(maxLength, { pattern: PATTERN[shape].pattern, ...options });
}

export type Shape = keyof typeof PATTERN;

export const PATTERN = {
  dnsLabel: {
    pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
    means: 'a DNS label: lower-case letters, digits and inner hyphens',
  },
  dnsSubdomain: {
    pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
    means: 'a DNS name: labels of lower-case letters, digits and inner hyphens, joined by dots',
  },
  // RFC 9110 section 9.1: methods are case-sensitive, and every registered one is upper case.
  method: { pattern: '^[A-Z][A-Z0-9_-]*$', means: 'an upper-case HTTP method such as GET' },
  labelValue: {
    pattern: '^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$',
    means: 'a label value: letters, digits, and inner hyphens, underscores and dots',
  },
} as const;
