import type { IncomingMessage } from 'node:http';
import type { CheckRequest } from '../edge/check-request.ts';
import { hostOf } from '../routes/hostname.ts';
import type { Scheme } from '../routes/sections.ts';

/** Which of both questions Envoy asks: the `pathPrefix` of its provider. */
export type Place = 'edge' | 'hop';

export interface PlacedRequest {
  readonly place: Place;
  readonly request: CheckRequest;
}

const PREFIX = /^\/(edge|hop)(\/[^?#]*)(?:\?([^#]*))?/;
const SCHEMES: ReadonlyMap<string | undefined, Scheme> = new Map([
  ['http', 'http'],
  ['https', 'https'],
]);

/** Envoy's own, by `includeAdditionalHeadersInCheck` in istio/mesh-config.yaml: in lower case, and absent where there is no SNI. */
export const SERVER_NAME_HEADER = 'x-sekisho-server-name';

/**
 * Takes apart what Envoy's HTTP ext_authz sends: the method, host and headers of the request, its path behind a prefix.
 * @returns undefined for what is no such question
 */
export function placedRequest({ method, url = '', headers }: IncomingMessage): PlacedRequest | undefined {
  const [, place, path, query = ''] = PREFIX.exec(url) ?? [];
  const host = hostOf(headers.host ?? '');
  if (!isPlace(place) || path === undefined || host === undefined || method === undefined) return undefined;
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : value?.[0];
  };
  const arrival = { host, scheme: SCHEMES.get(header('x-forwarded-proto')), serverName: header(SERVER_NAME_HEADER) };
  return { place, request: { ...arrival, method, path, query, header, authorization: headers.authorization } };
}

function isPlace(text: string | undefined): text is Place {
  return text === 'edge' || text === 'hop';
}
