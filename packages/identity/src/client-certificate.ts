import type { Workload } from './caller.ts';
import { IdentityError } from './errors.ts';
import { type HeaderBag, MAX_HEADER_LENGTH } from './headers.ts';

/** One `Key=value` pair with what ends it. A value with `,` `;` or `=` is quoted, and `\` escapes inside quotes. */
const PAIR = /[ \t]*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;=]*))(;|,|$)/y;

const SPIFFE = /^spiffe:\/\/([a-z0-9._-]{1,255})\/ns\/([a-z0-9-]{1,63})\/sa\/([a-z0-9.-]{1,253})$/;

/**
 * The direct caller, from `x-forwarded-client-cert`. Envoy appends one element per mTLS hop, so only the last one
 * was written by the sidecar of this service; those before it are hearsay.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert
 * @returns undefined without mTLS, and for a certificate that names no mesh workload
 * @throws IdentityError `unavailable` for a header that Envoy cannot have written
 */
export function readPeer(headers: HeaderBag): Workload | undefined {
  const header = headers['x-forwarded-client-cert'];
  if (header === undefined) return undefined;
  const text = typeof header === 'string' ? header : header.join(',');
  if (text.length > MAX_HEADER_LENGTH) throw malformed('is too long');
  const uris = lastElement(text).filter(([key]) => key.toLowerCase() === 'uri');
  // An X.509-SVID has exactly one URI (SPIFFE X509-SVID section 2); with two, which one is the caller?
  if (uris.length > 1) throw malformed('names more than one URI');
  return parseSpiffeId(uris[0]?.[1] ?? '');
}

type Pair = readonly [key: string, value: string];

function lastElement(text: string): readonly Pair[] {
  const pattern = new RegExp(PAIR);
  let element: Pair[] = [];
  for (;;) {
    const match = pattern.exec(text);
    if (match === null) throw malformed('does not follow the grammar');
    const [, key = '', quoted, plain = '', end] = match;
    element.push([key, quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1')]);
    if (end === '') return element;
    if (end === ',') element = [];
  }
}

function parseSpiffeId(uri: string): Workload | undefined {
  const [, trustDomain, namespace, serviceAccount] = SPIFFE.exec(uri) ?? [];
  if (trustDomain === undefined || namespace === undefined || serviceAccount === undefined) return undefined;
  return { trustDomain, namespace, serviceAccount };
}

function malformed(what: string): IdentityError {
  return new IdentityError('unavailable', `The client certificate header ${what}; the mesh did not write it.`);
}
