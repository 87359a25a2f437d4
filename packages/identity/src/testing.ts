import type { Workload } from './caller.ts';

/** A token's claims in the platform's shape, as far as a test needs to set them. */
export interface TestClaims {
  readonly [claim: string]: unknown;
  readonly aud: string | readonly string[];
}

/**
 * The headers that a service's Envoy would forward for a verified token, for tests of a service without a mesh:
 * `app.inject({ url, headers: tokenHeaders({ aud: 'bucket', services: { bucket: { permissions: ['bucket:read'] } } }) })`.
 * The signature is not one; Envoy alone would look at it.
 */
export function tokenHeaders(claims: TestClaims): { authorization: string; 'x-jwt-payload': string } {
  const payload = encode({ iss: 'https://auth.example', sub: 'user-1', ...claims });
  return {
    authorization: `Bearer ${encode({ alg: 'ES256', typ: 'at+jwt' })}.${payload}.c2lnbmF0dXJl`,
    'x-jwt-payload': payload,
  };
}

/** The header that Envoy adds for a direct caller by mTLS. */
export function peerHeaders({ trustDomain, namespace, serviceAccount }: Workload): {
  'x-forwarded-client-cert': string;
} {
  const uri = `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
  return {
    'x-forwarded-client-cert': `By=spiffe://cluster.local/ns/shop/sa/self;Hash=0a1b;Subject="";URI=${uri}`,
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
