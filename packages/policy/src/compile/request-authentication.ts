import { CLAIM_TO_HEADER, IDENTITY_HEADER } from '../vocabulary.ts';
import type { ResolvedIssuer } from './issuers.ts';
import type { JwtRule, RequestAuthenticationSpec, Selector } from './istio.ts';

/**
 * Verifies tokens and turns them into headers.
 * - Keys are inline: istiod's own fetch accepts a dummy key when it fails, and is blind behind strict mTLS.
 * - `fromHeaders` is spelled out, because the default also reads the query parameter `access_token`.
 * - Every rule writes the same headers: Envoy strips from a request the headers that a rule names.
 */
export function requestAuthentication(
  selector: Selector,
  service: string,
  issuers: readonly ResolvedIssuer[],
): RequestAuthenticationSpec {
  return { selector, jwtRules: issuers.map((issuer) => jwtRule(issuer, service)) };
}

function jwtRule({ iss, jwks }: ResolvedIssuer, service: string): JwtRule {
  return {
    issuer: iss,
    audiences: [service],
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
