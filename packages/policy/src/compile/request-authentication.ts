import { CLAIM_TO_HEADER, IDENTITY_HEADER } from '../vocabulary.ts';
import type { ResolvedIssuer } from './issuers.ts';
import type { JwtRule, RequestAuthenticationSpec, Target } from './istio.ts';

/**
 * Verifies tokens and turns them into headers.
 * - Keys are inline: istiod's own fetch accepts a dummy key when it fails, and is blind behind strict mTLS.
 * - `fromHeaders` is spelled out, because the default also reads the query parameter `access_token`.
 * - Without `audience`, tokens for any service of the issuers are taken: behind the edge's exchange each request carries one for
 *   the service that it goes to, which checks it.
 * - Every rule writes the same headers: Envoy strips from a request the headers that a rule names.
 */
export function requestAuthentication(
  target: Target,
  audience: string | undefined,
  issuers: readonly ResolvedIssuer[],
): RequestAuthenticationSpec {
  return { ...target, jwtRules: issuers.map((issuer) => jwtRule(issuer, audience)) };
}

function jwtRule({ iss, jwks }: ResolvedIssuer, audience: string | undefined): JwtRule {
  return {
    issuer: iss,
    ...(audience !== undefined && { audiences: [audience] }),
    jwks: JSON.stringify({ keys: jwks.keys }),
    fromHeaders: [
      { name: 'Authorization', prefix: 'Bearer ' },
      { name: 'Authorization', prefix: 'Service ' },
    ],
    forwardOriginalToken: true,
    outputPayloadToHeader: IDENTITY_HEADER.payload,
    outputClaimToHeaders: CLAIM_TO_HEADER,
  };
}
