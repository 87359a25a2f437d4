import type { KubeObject } from '@sekisho/kube';

export const NAMESPACE = 'bench';
export const API_VERSION = 'auth.sekisho.dev/v1alpha1';

const key = (kid: string) => ({
  kty: 'EC',
  crv: 'P-256',
  alg: 'ES256',
  use: 'sig',
  kid,
  // The public key of RFC 7515, appendix A.3: nobody signs with it here.
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
});

/** As many keys as an issuer has in the middle of a rotation. */
export const ISSUER: KubeObject = {
  apiVersion: API_VERSION,
  kind: 'TokenIssuer',
  metadata: { name: 'platform' },
  spec: { issuer: 'https://auth.sekisho.local', jwks: { keys: ['last', 'now', 'next'].map(key) } },
};

/** The policy of an ordinary service: five requests make it, for itself and its four objects, and one its status. */
export function policy(name: string, permission = 'read', namespace = NAMESPACE): KubeObject {
  const spec = {
    selector: { matchLabels: { app: name } },
    issuers: [ISSUER.metadata.name],
    mtls: 'Strict',
    rules: [
      {
        name: 'read',
        to: [{ methods: ['GET'], paths: ['/api/items', '/api/items/{*}'] }],
        allow: { permissions: { anyOf: [permission] } },
      },
      {
        name: 'write',
        to: [{ methods: ['POST'] }],
        allow: { permissions: { allOf: ['write', permission] }, roles: { anyOf: ['admin'] } },
      },
      { name: 'health', to: [{ methods: ['GET'], paths: ['/healthz'] }], allow: { public: true } },
    ],
  };
  return { apiVersion: API_VERSION, kind: 'ServiceAuthPolicy', metadata: { name, namespace }, spec };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration: number;
}

/** Whether the status says so of the present generation. */
export function isProgrammed({ metadata, status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly Condition[] };
  return conditions.some(
    ({ type, status: value, observedGeneration }) =>
      type === 'Programmed' && value === 'True' && observedGeneration === metadata.generation,
  );
}
