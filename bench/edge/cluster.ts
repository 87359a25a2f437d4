import { edgePolicy, gateway, issuer, policy, route, service } from '@sekisho/guard/testing';
import type { KubeObject, Manifest } from '@sekisho/kube';
import { type SigningKey, toJwks } from '@sekisho/tokens';

export const ISSUER = 'https://auth.example';
/** As many services as a platform has early on, each with a host, a route and a policy of its own. */
export const SERVICES = Array.from({ length: 20 }, (_, index) => `service-${index}`);

/** What a guard reads from the API server, for a platform whose access tokens this key signs. */
export function objects(accessKey: SigningKey): readonly Manifest[] {
  const made: readonly KubeObject[] = [
    ...['shop', 'istio-ingress'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    issuer('platform', { issuer: ISSUER, jwks: toJwks([accessKey]), default: true }),
    ...[gateway(), edgePolicy()],
    ...SERVICES.flatMap((name) => [
      service(name),
      policy(name),
      route({ hostnames: [hostOf(name)], rules: [{ backendRefs: [{ name, port: 80 }] }] }, { name }),
    ]),
  ];
  // The API server says itself what these are.
  return made.map(({ metadata: { uid: _, creationTimestamp: __, ...metadata }, ...rest }) => ({ ...rest, metadata }));
}

export function hostOf(name: string): string {
  return `${name}.example`;
}
