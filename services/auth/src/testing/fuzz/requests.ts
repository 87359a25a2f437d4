import fc, { type Arbitrary } from 'fast-check';
import type { JsonSchema, Operation, Parameter } from './document.ts';
import { accepted, brokenOnce, strangeText, strangeValue } from './values.ts';

export const CALLERS = ['nobody', 'forged', 'user', 'auditor', 'administrator'] as const;
export type Caller = (typeof CALLERS)[number];

export interface FuzzRequest {
  readonly caller: Caller;
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload?: string;
  /** Whether it is surely a request of this operation: else what is declared for it does not hold. */
  readonly ours: boolean;
}

/** Names of what there is, by parameter: without them nearly every request would end at an unknown id. */
export type Known = (operation: Operation, parameter: string) => readonly string[];

type Part = Partial<FuzzRequest>;

/** Requests that fit the schema, and requests that are broken in one place. */
export function requestsOf(operation: Operation, known: Known): Arbitrary<FuzzRequest> {
  const valid = validRequest(operation, known);
  const wrong = [wrongUrl(operation), wrongHeader, wrongMethod(operation)];
  const broken = [...wrong, ...(operation.body === undefined ? [wrongText('{}')] : [wrongBody(operation.body)])];
  const request = fc.oneof(
    { weight: 1, arbitrary: valid },
    { weight: 2, arbitrary: fc.tuple(valid, fc.oneof(...broken)).map(([base, part]) => merged(base, part)) },
  );
  return fc
    .tuple(request, fc.constantFrom(...CALLERS, 'administrator' as const))
    .map(([one, caller]) => ({ ...one, caller }));
}

function merged(base: FuzzRequest, part: Part): FuzzRequest {
  return { ...base, ...part, headers: { ...base.headers, ...part.headers } };
}

function validRequest(operation: Operation, known: Known): Arbitrary<FuzzRequest> {
  const { method, body, parameters } = operation;
  const payload = body === undefined ? fc.constant(undefined) : accepted(body).map((value) => JSON.stringify(value));
  return fc
    .tuple(pathOf(operation, known), queryOf(parameters), headersOf(operation, known), payload)
    .map(([path, query, headers, text]) => ({
      caller: 'nobody',
      method,
      url: query === '' ? path : `${path}?${query}`,
      headers: { ...headers, ...(text !== undefined && { 'content-type': 'application/json' }) },
      ...(text !== undefined && { payload: text }),
      ours: true,
    }));
}

function pathOf(operation: Operation, known: Known): Arbitrary<string> {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const values = names.map((name) => parameterValue(operation, name, known));
  return fc
    .tuple(...values)
    .map((chosen) =>
      names.reduce(
        (path, name, index) => path.replace(`{${name}}`, encodeURIComponent(chosen[index] ?? '')),
        operation.path,
      ),
    );
}

function parameterValue(operation: Operation, name: string, known: Known): Arbitrary<string> {
  const schema = operation.parameters.find((parameter) => parameter.name === name)?.schema ?? { type: 'string' };
  const generated = accepted(schema).map(String);
  const there = known(operation, name);
  return there.length === 0 ? generated : fc.oneof(generated, { weight: 4, arbitrary: fc.constantFrom(...there) });
}

function queryOf(parameters: readonly Parameter[]): Arbitrary<string> {
  const own = parameters.filter((parameter) => parameter.in === 'query');
  const shape = Object.fromEntries(own.map(({ name, schema }) => [name, accepted(schema).map(String)]));
  return someOf(shape).map((query) => new URLSearchParams(query).toString());
}

function headersOf(operation: Operation, known: Known): Arbitrary<Record<string, string>> {
  const own = operation.parameters.filter((parameter) => parameter.in === 'header');
  const shape = Object.fromEntries(own.map(({ name }) => [name, parameterValue(operation, name, known)]));
  return someOf(shape);
}

function someOf(shape: Readonly<Record<string, Arbitrary<string>>>): Arbitrary<Record<string, string>> {
  const pairs = Object.entries(shape).map(([name, value]) => fc.option(value.map((text) => [name, text] as const)));
  return fc.tuple(...pairs).map((chosen) => Object.fromEntries(chosen.filter((pair) => pair !== null)));
}

const ODD_ENCODINGS = [
  '%',
  '%zz',
  '%00',
  '%2f',
  '%2e%2e',
  '..',
  '%ED%A0%80',
  '%ff',
  '//',
  ';a=b',
  '%252f',
  '%0d%0a',
  '\u00e9',
];

/** The path leads elsewhere, or nowhere; of a query, the operation still is ours. */
function wrongUrl({ path }: Operation): Arbitrary<Part> {
  const odd = fc.oneof(fc.constantFrom(...ODD_ENCODINGS), strangeText.map(encoded));
  const paths = odd.map((text) => ({ url: path.replace(/\{\w+\}|$/, text), ours: false }));
  const filled = path.replaceAll(/\{\w+\}/g, 'x');
  const name = fc.oneof(
    fc.constantFrom('limit', 'cursor', 'others', 'since', 'limit[]', '__proto__', ''),
    strangeText.map(encoded),
  );
  const queries = fc
    .array(fc.tuple(name, odd), { minLength: 1, maxLength: 3 })
    .map((pairs) => ({ url: `${filled}?${pairs.map((pair) => pair.join('=')).join('&')}` }));
  return fc.oneof(paths, queries);
}

/** A lone surrogate has no encoding. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).slice(0, 4_000);
}

const HEADERS = [
  'authorization',
  'if-match',
  'accept',
  'x-request-id',
  'x-forwarded-for',
  'cookie',
  'traceparent',
  'host',
];
/** What a client can put into a header at all (RFC 9110 section 5.5). */
const headerText = fc.oneof(
  fc.constantFrom(
    '',
    'Bearer',
    'Bearer  ',
    'bearer a.b.c',
    'Basic YTpi',
    '"1"',
    'W/"1"',
    '"1", "2"',
    '*',
    '-1',
    'x'.repeat(8_000),
  ),
  fc.stringMatching(/^[!-~\u0080-\u00ff]*$/),
);
const wrongHeader: Arbitrary<Part> = fc
  .tuple(fc.constantFrom(...HEADERS), headerText)
  .map(([name, text]) => ({ headers: { [name]: text } }));

function wrongMethod({ method }: Operation): Arbitrary<Part> {
  const others = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'TRACE', 'PROPFIND'];
  return fc
    .constantFrom(...others.filter((other) => other !== method))
    .map((other) => ({ method: other, ours: false }));
}

function wrongBody(schema: JsonSchema): Arbitrary<Part> {
  const broken = accepted(schema)
    .chain(brokenOnce)
    .map((value) => ({ payload: JSON.stringify(value) ?? '' }));
  return fc.oneof(
    { weight: 3, arbitrary: broken },
    strangeValue.map((value) => ({ payload: JSON.stringify(value) })),
    accepted(schema).chain((value) => wrongText(JSON.stringify(value))),
  );
}

const MEDIA_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=utf-16',
  'application/jsonx',
  'multipart/form-data; boundary=x',
  'application/problem+json',
  '',
  ';',
  '*/*',
];

/** What no JSON serializer would send. */
function wrongText(text: string): Arbitrary<Part> {
  const twice = text.startsWith('{') && text.length > 2 ? `${text.slice(0, -1)},${text.slice(1)}` : `{"a":1,"a":2}`;
  const texts = [
    ...['', ' ', 'null', '[', '{', '"', 'NaN', '\ufeff{}', '{"__proto__":{"a":1}}', '{"constructor":{"prototype":{}}}'],
    ...['1e400', '[1e400]', '{"a":1e400}', `{"a":${'9'.repeat(400)}}`, '"\\ud800"', '{"\\u0000":1}', '\u0000'],
    ...[twice, text.slice(0, -1), `${text}${text}`, `${text}/* */`, `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    `{"a":"${'x'.repeat(17_000)}"}`,
  ];
  const contentType = { 'content-type': 'application/json' };
  return fc.oneof(
    fc.constantFrom(...texts).map((payload) => ({ payload, headers: contentType })),
    fc.constantFrom(...MEDIA_TYPES).map((type) => ({ payload: text, headers: { 'content-type': type } })),
  );
}
