import { PLATFORM_ISSUER, PLATFORM_NAMESPACE } from '@sekisho/cdk8s';
import type { Manifest } from '@sekisho/kube';
import { API_VERSION, GATEWAY, ISSUER_KIND, POLICY_KIND } from '@sekisho/policy';

/** The `iss` of both regions' tokens: users know one platform. */
export const ISSUER = 'https://auth.example';
export const GUARD = { namespace: PLATFORM_NAMESPACE, serviceAccount: 'sekisho-guard' } as const;

/** What is behind the edge: one that would rather refuse than not know who was revoked, and one that would not. */
export const SERVICES = { orders: 'Deny', catalog: 'Allow' } as const;
export type ServiceName = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as readonly ServiceName[];

const NAMESPACE = 'shop';
const EDGE = { namespace: 'istio-ingress', name: 'public' } as const;
const GATEWAY_API = `${GATEWAY.group}/v1`;

/** What guards and the operator read. @param jwksUri of the auth service in one region, which publishes the keys of all */
export function objects(jwksUri: string): readonly Manifest[] {
  const { namespace, serviceAccount } = GUARD;
  return [
    ...[NAMESPACE, EDGE.namespace, namespace].map((name) => ({ ...core('Namespace'), metadata: { name } })),
    { ...core('ServiceAccount'), metadata: { namespace, name: serviceAccount } },
    issuer(jwksUri),
    gateway(),
    edgePolicy(),
    ...SERVICE_NAMES.flatMap((name) => [service(name), route(name), policy(name)]),
  ];
}

export function hostOf(name: ServiceName): string {
  return `${name}.example`;
}

const core = (kind: string) => ({ apiVersion: 'v1', kind });

function issuer(jwksUri: string): Manifest & { readonly spec: object } {
  const spec = { issuer: ISSUER, jwksUri, default: true };
  return { apiVersion: API_VERSION, kind: ISSUER_KIND, metadata: { name: PLATFORM_ISSUER }, spec };
}

function gateway(): Manifest & { readonly spec: object } {
  const listeners = [{ name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }];
  return {
    apiVersion: GATEWAY_API,
    kind: GATEWAY.kind,
    metadata: EDGE,
    spec: { gatewayClassName: 'istio', listeners },
  };
}

/** Every request through the Gateway asks the guard. */
function edgePolicy(): Manifest & { readonly spec: object } {
  const targetRefs = [{ group: GATEWAY.group, kind: GATEWAY.kind, name: EDGE.name }];
  const rules = [{ name: 'guarded', allow: { public: true } }];
  const metadata = { namespace: EDGE.namespace, name: 'edge' };
  return {
    apiVersion: API_VERSION,
    kind: POLICY_KIND,
    metadata,
    spec: { targetRefs, rules, revocation: { check: 'Edge' } },
  };
}

function service(name: ServiceName): Manifest & { readonly spec: object } {
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  return { ...core('Service'), metadata: { namespace: NAMESPACE, name }, spec: { selector: { app: name }, ports } };
}

function route(name: ServiceName): Manifest & { readonly spec: object } {
  const rules = [{ backendRefs: [{ name, port: 80 }] }];
  const spec = { parentRefs: [EDGE], hostnames: [hostOf(name)], rules };
  return { apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { namespace: NAMESPACE, name }, spec };
}

function policy(name: ServiceName): Manifest & { readonly spec: object } {
  const rules = [
    {
      name: 'read',
      to: [{ methods: ['GET'], paths: ['/api/{**}'] }],
      allow: { permissions: { anyOf: [`${name}:read`] } },
    },
  ];
  const revocation = { check: 'Edge', whenUnavailable: SERVICES[name] };
  const spec = { selector: { matchLabels: { app: name } }, rules, revocation };
  return { apiVersion: API_VERSION, kind: POLICY_KIND, metadata: { namespace: NAMESPACE, name }, spec };
}
