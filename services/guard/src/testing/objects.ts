import type { KubeObject } from '@sekisho/kube';
import { API_VERSION, GATEWAY, ISSUER_KIND, POLICY_KIND } from '@sekisho/policy';

/** Objects as an API server gives them, for tests. */

const GATEWAY_API = `${GATEWAY.group}/v1`;
const BORN = '2026-01-01T00:00:00Z';

interface Meta {
  readonly namespace?: string;
  readonly name: string;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly uid?: string;
}

function object(apiVersion: string, kind: string, { meta, spec }: { meta: Meta; spec: unknown }): KubeObject {
  const { namespace = 'shop' } = meta;
  const metadata = { creationTimestamp: BORN, uid: `${kind}/${namespace}/${meta.name}`, ...meta, namespace };
  return { apiVersion, kind, metadata, spec };
}

export function gateway(listeners: readonly unknown[] = [HTTP_LISTENER], meta: Partial<Meta> = {}): KubeObject {
  const named = { namespace: 'istio-ingress', name: 'public', ...meta };
  return object(GATEWAY_API, 'Gateway', { meta: named, spec: { gatewayClassName: 'istio', listeners } });
}

export const HTTP_LISTENER = {
  name: 'http',
  port: 80,
  protocol: 'HTTP',
  allowedRoutes: { namespaces: { from: 'All' } },
};

export function route(spec: Readonly<Record<string, unknown>>, meta: Partial<Meta> = {}): KubeObject {
  const parentRefs = [{ name: 'public', namespace: 'istio-ingress' }];
  return object(GATEWAY_API, 'HTTPRoute', { meta: { name: 'bucket', ...meta }, spec: { parentRefs, ...spec } });
}

/** In the namespace of what it leads to. */
export function referenceGrant(spec: Readonly<Record<string, unknown>>): KubeObject {
  return object(`${GATEWAY.group}/v1beta1`, 'ReferenceGrant', { meta: { name: 'routes' }, spec });
}

export function service(name: string, spec: Readonly<Record<string, unknown>> = {}): KubeObject {
  const ports = [{ port: 80, targetPort: 8080 }];
  return object('v1', 'Service', { meta: { name }, spec: { selector: { app: name }, ports, ...spec } });
}

export function policy(
  name: string,
  spec: Readonly<Record<string, unknown>> = {},
  meta: Partial<Meta> = {},
): KubeObject {
  const rules = [
    { name: 'health', to: [{ paths: ['/healthz'] }], allow: { public: true } },
    {
      name: 'read',
      to: [{ methods: ['GET'], paths: ['/api/{**}'] }],
      allow: { permissions: { anyOf: [`${name}:read`] } },
    },
  ];
  const full = { selector: { matchLabels: { app: name } }, rules, ...spec };
  return object(API_VERSION, POLICY_KIND, { meta: { name, ...meta }, spec: full });
}

/** The edge: every request through the Gateway asks the guard. */
export function edgePolicy(spec: Readonly<Record<string, unknown>> = {}): KubeObject {
  const meta = { namespace: 'istio-ingress', name: 'edge', uid: 'edge', creationTimestamp: BORN };
  const targetRefs = [{ group: GATEWAY.group, kind: GATEWAY.kind, name: 'public' }];
  const rules = [{ name: 'guarded', allow: { public: true } }];
  const full = { targetRefs, rules, revocation: { check: 'Edge' }, ...spec };
  return { apiVersion: API_VERSION, kind: POLICY_KIND, metadata: meta, spec: full };
}

export function issuer(name: string, spec: Readonly<Record<string, unknown>>): KubeObject {
  const metadata = { name, uid: `issuer/${name}`, creationTimestamp: BORN };
  return { apiVersion: API_VERSION, kind: ISSUER_KIND, metadata, spec };
}

/** What the operator writes for a policy: the keys of its issuers, aimed where the policy is. */
export function requestAuthentication(of: KubeObject, keys: Readonly<Record<string, unknown>>): KubeObject {
  const { selector, targetRefs } = of.spec as { selector?: unknown; targetRefs?: unknown };
  const aim = selector === undefined ? { targetRefs } : { selector };
  const jwtRules = Object.entries(keys).map(([iss, jwks]) => ({ issuer: iss, jwks: JSON.stringify(jwks) }));
  const { namespace = '', name } = of.metadata;
  const meta = { namespace, name: `${name}-jwt` };
  return object('security.istio.io/v1', 'RequestAuthentication', { meta, spec: { ...aim, jwtRules } });
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): KubeObject {
  const metadata = { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } };
  return { apiVersion: 'v1', kind: 'Namespace', metadata };
}
