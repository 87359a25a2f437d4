import { generateSigningKey, toJwks } from '@sekisho/tokens';
import { type ClusterState, Routing } from '../routes/routing.ts';
import { edgePolicy, gateway, issuer, namespace, policy, requestAuthentication, route, service } from './objects.ts';

export const PLATFORM = 'https://auth.example';
export const PARTNER = 'https://partner.example';
export const OPTIONS = { trustDomain: 'cluster.local', platformIssuer: PLATFORM, visibleHeaders: [] };

/** Of every issuer here. */
export const jwks = toJwks([await generateSigningKey()]);

export function state(changes: Partial<ClusterState> = {}): ClusterState {
  const bucket = policy('bucket');
  const services = new Map([
    ['shop/bucket', service('bucket')],
    ['shop/other', service('other')],
  ]);
  return {
    gateways: [gateway()],
    routes: [toBucket({})],
    grants: [],
    service: ({ namespace, name }) => services.get(`${namespace}/${name}`),
    namespace: (name) => namespace(name),
    policies: [edgePolicy(), bucket],
    issuers: [issuer('platform', { issuer: PLATFORM, jwksUri: 'https://auth.example/jwks', default: true })],
    keys: [requestAuthentication(bucket, { [PLATFORM]: jwks })],
    ...changes,
  };
}

export const BACKEND = { name: 'bucket', port: 80 };
export const mirrorTo = (name: string) => ({
  type: 'RequestMirror',
  requestMirror: { backendRef: { name, port: 80 } },
});
export const toBucket = (rule: object) => route({ rules: [{ backendRefs: [BACKEND], ...rule }] });

export function routingOf(...states: readonly ClusterState[]): Routing {
  return updated(new Routing(OPTIONS), states);
}

export function updated(routing: Routing, states: readonly ClusterState[]): Routing {
  for (const one of states) routing.update(one);
  return routing;
}

export function find(routing: Routing, path = '/api/items') {
  const arrival = { scheme: 'http', host: 'shop.example', serverName: undefined } as const;
  return routing.find(arrival, { method: 'GET', path, query: '', header: () => undefined });
}
