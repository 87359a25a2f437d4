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
export function requestAuthentication(target: Target, trust: Trust): RequestAuthenticationSpec {
  return { ...target, jwtRules: trust.issuers.map((issuer) => jwtRule(issuer, trust)) };
}

interface Trust {
  readonly audience: string | undefined;
  readonly issuers: readonly ResolvedIssuer[];
  /**
   * False where the guard has verified the token before, or has put there one that it signed itself, and no rule asks for a claim of it:
   * then to verify it again is half of what this Envoy has to do. The object stays: it strips the headers, and holds the keys of issuers
   * that the guard verifies with.
   */
  readonly verifies: boolean;
}

function jwtRule({ iss, jwks }: ResolvedIssuer, { audience, verifies }: Trust): JwtRule {
  return {
    issuer: iss,
    ...(audience !== undefined && { audiences: [audience] }),
    jwks: JSON.stringify({ keys: jwks.keys }),
    fromHeaders: verifies ? OF_AUTHORIZATION : NEVER_THERE,
    forwardOriginalToken: true,
    outputPayloadToHeader: IDENTITY_HEADER.payload,
    outputClaimToHeaders: CLAIM_TO_HEADER,
  };
}

const OF_AUTHORIZATION = [
  { name: 'Authorization', prefix: 'Bearer ' },
  { name: 'Authorization', prefix: 'Service ' },
] as const;

/** The guard removes it from every request, and so does Envoy itself before it looks for tokens, because the rules write it. */
const NEVER_THERE = [{ name: IDENTITY_HEADER.payload }] as const;
