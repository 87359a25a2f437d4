/** Header names in lower case, as node:http gives them; a list where a header came more than once. */
export type HeaderBag = Readonly<Record<string, string | readonly string[] | undefined>>;

/** node:http refuses more than 16 KiB of headers together, so one header cannot be longer. */
export const MAX_HEADER_LENGTH = 16_384;

/** What this package looks at; nothing else of a request reaches it. */
const READ: readonly string[] = [
  'authorization',
  'x-jwt-payload',
  'x-forwarded-client-cert',
  'origin',
  'access-control-request-method',
  'x-request-id',
  'traceparent',
  'tracestate',
];
const IS_READ: ReadonlySet<string> = new Set(READ);

/**
 * Headers as they came over the wire. `request.headers` would not do: it keeps the first of two `authorization` headers
 * and drops the other, and whatever ran before may have changed it.
 * @param rawHeaders names and values in turn, as `IncomingMessage.rawHeaders`
 */
export function receivedHeaders(rawHeaders: readonly string[]): HeaderBag {
  const bag: Record<string, string | readonly string[]> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!IS_READ.has(name)) continue;
    const value = rawHeaders[index + 1] ?? '';
    const earlier = bag[name];
    bag[name] = earlier === undefined ? value : [earlier, value].flat();
  }
  return bag;
}

/** Headers of a fetch `Request`, where those that came more than once are joined by commas, which no token holds. */
export function fetchHeaders(headers: Pick<Headers, 'get'>): HeaderBag {
  return Object.fromEntries(READ.map((name) => [name, headers.get(name) ?? undefined]));
}
