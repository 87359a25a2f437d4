import type { RevocableClaims, RevocationReader } from '@sekisho/sessions';
import { keyIdOf, TokenError, type VerifyCache } from '@sekisho/tokens';
import { type Answer, DETAIL, denied, PASSED } from '../answer.ts';
import type { CheckRequest } from '../edge/check-request.ts';
import { GuardError } from '../errors.ts';
import type { SessionGate, SessionRef } from '../sessions/session-gate.ts';
import { andThen, orElse, type Soon } from '../soon.ts';
import { externalSubject } from '../tokens/external.ts';
import { unverifiedPayload } from '../tokens/unverified.ts';
import type { HopToken } from './hop-token.ts';

export interface HopParts {
  /** `iss` of the platform's tokens. */
  readonly platformIssuer: string;
  /** Of tokens of either signer of the platform, whatever their audience. */
  readonly verified: VerifyCache<HopToken>;
  readonly revocations: Pick<RevocationReader, 'check'>;
  /** Whether what is revoked is known well enough. */
  readonly knowsRevocations: () => boolean;
  readonly gate: Pick<SessionGate, 'check'>;
  /** What a service's policies say, by the audience of the token. */
  readonly whenUnavailable: (audience: readonly string[]) => 'Deny' | 'Allow';
  /** Name of the TokenIssuer whose `iss` this is. */
  readonly issuerNamed: (iss: string) => string | undefined;
}

/**
 * Whether the token that came to a service was revoked since it was signed, and whether its session lives. Nothing is replaced, and nobody is let
 * in: Envoy verifies the token and applies the policy afterwards. It takes a token from anywhere in the header, so whatever is not exactly one token is refused.
 *
 * Throws and rejects only with what is a defect.
 */
export function decideHop(parts: HopParts, { authorization }: CheckRequest): Soon<Answer> {
  // Envoy asks about requests without a token only where one is needed.
  if (authorization === undefined || authorization === '') return denied('token_missing', DETAIL.token_missing);
  const scheme = SCHEME.exec(authorization);
  if (scheme === null) return MALFORMED;
  const token = authorization.slice(scheme[0].length);
  // What was verified before was one token: only of others each character is looked at.
  const known = parts.verified.known(token);
  return known === undefined ? decideUnknown(parts, token) : decideVerified(parts, known);
}

const MALFORMED = denied('token_malformed', DETAIL.token_malformed);

function decideUnknown(parts: HopParts, token: string): Soon<Answer> {
  const payload = COMPACT_JWS.test(token) ? unverifiedPayload(token) : undefined;
  if (payload === undefined) return MALFORMED;
  // Those of other issuers have no session here; Envoy verifies them with the keys of their issuer.
  if (payload['iss'] !== parts.platformIssuer) {
    return passUnlessRevoked(parts, { claims: revocableOf(payload, parts), kid: keyIdOf(token) });
  }
  return orElse(() => andThen(parts.verified.verify(token), (known) => decideVerified(parts, known)), fromError);
}

function decideVerified(parts: HopParts, { claims, kid }: HopToken): Soon<Answer> {
  const answer = passUnlessRevoked(parts, { claims, kid, audience: claims.aud });
  if (!answer.allowed || claims.session === undefined) return answer;
  const { session, user, sub, aud, iat } = claims;
  return whileAlive(parts, { id: session.id, userId: user?.id ?? sub, from: { kid, iat } }, aud);
}

/** Both prefixes of the RequestAuthentications, and one token (RFC 7515 section 7.1) to the end. */
const SCHEME = /^(?:bearer|service) +/i;
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

interface Presented {
  readonly claims: RevocableClaims;
  readonly kid: string | undefined;
  readonly audience?: readonly string[];
}

function passUnlessRevoked(
  { revocations, knowsRevocations, whenUnavailable }: HopParts,
  { claims, kid, audience = [] }: Presented,
): Answer {
  if (revocations.check(claims, kid) !== undefined) {
    return denied('token_revoked', DETAIL.token_revoked, askerOf(claims));
  }
  if (knowsRevocations() || whenUnavailable(audience) === 'Allow') return PASSED;
  return denied('unavailable', 'what is revoked cannot be known right now: try again', askerOf(claims));
}

function whileAlive(
  { gate, whenUnavailable }: HopParts,
  session: SessionRef,
  audience: readonly string[],
): Soon<Answer> {
  return andThen(gate.check(session), ({ state }) => {
    if (state === 'alive') return PASSED;
    const asker = { asker: { user: session.userId, session: session.id } };
    if (state === 'over') return denied('session_expired', DETAIL.session_expired, asker);
    if (whenUnavailable(audience) === 'Allow') return PASSED;
    return denied('unavailable', 'the session cannot be looked up right now: try again', asker);
  });
}

/** What a revocation can name of a token of any shape; its user by the name that the edge gives them too. */
function revocableOf(
  payload: Readonly<Record<string, unknown>>,
  { issuerNamed }: Pick<HopParts, 'issuerNamed'>,
): RevocableClaims {
  const { iss, jti, sub, iat, client_id, azp } = payload;
  const client = [client_id, azp].find((name) => typeof name === 'string');
  const issuer = typeof iss === 'string' ? issuerNamed(iss) : undefined;
  return {
    ...(typeof jti === 'string' && { jti }),
    ...(typeof sub === 'string' && issuer !== undefined && { sub: externalSubject(issuer, sub) }),
    ...(typeof iat === 'number' && { iat }),
    ...(client !== undefined && { client_id: client }),
  };
}

function fromError(error: unknown): Answer {
  if (error instanceof GuardError && error.code === 'keys_missing') return denied('unavailable', error.message);
  if (!(error instanceof TokenError)) throw error;
  switch (error.code) {
    case 'token_malformed':
    case 'token_expired':
    case 'token_invalid':
      return denied(error.code, DETAIL[error.code]);
    default:
      throw error;
  }
}

function askerOf({ sub, session }: RevocableClaims) {
  return { asker: { ...(sub !== undefined && { user: sub }), ...(session !== undefined && { session: session.id }) } };
}
