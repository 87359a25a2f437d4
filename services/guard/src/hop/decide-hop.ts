import type { RevocableClaims, RevocationReader } from '@sekisho/sessions';
import { keyIdOf, TokenError, type VerifyCache } from '@sekisho/tokens';
import { type Answer, DETAIL, denied, PASSED } from '../answer.ts';
import type { CheckRequest } from '../edge/check-request.ts';
import type { SessionGate } from '../sessions/session-gate.ts';
import { unverifiedPayload } from '../tokens/unverified.ts';
import type { HopToken } from './hop-token.ts';

export interface HopParts {
  /** `iss` of the platform's tokens. */
  readonly platformIssuer: string;
  /** Of tokens of either signer of the platform, whatever their audience. */
  readonly verified: VerifyCache<HopToken>;
  readonly revocations: Pick<RevocationReader, 'check' | 'staleMs'>;
  readonly maxStalenessMs: number;
  readonly gate: Pick<SessionGate, 'check'>;
  /** What a service's policies say, by the audience of the token. */
  readonly whenUnavailable: (audience: readonly string[]) => 'Deny' | 'Allow';
}

/**
 * Whether the token that came to a service was revoked since it was signed, and whether its session lives. Nothing is replaced, and nobody is let
 * in: Envoy verifies the token and applies the policy afterwards. It takes a token from anywhere in the header, so whatever is not exactly one token is refused.
 *
 * Rejects only with what is a defect.
 */
export async function decideHop(parts: HopParts, { authorization }: CheckRequest): Promise<Answer> {
  // Envoy asks about requests without a token only where one is needed.
  if (authorization === undefined || authorization === '') return denied('token_missing', DETAIL.token_missing);
  const token = TOKEN.exec(authorization)?.[1];
  if (token === undefined) return MALFORMED;
  const known = parts.verified.known(token);
  return known === undefined ? decideUnknown(parts, token) : decideVerified(parts, known);
}

const MALFORMED = denied('token_malformed', DETAIL.token_malformed);

async function decideUnknown(parts: HopParts, token: string): Promise<Answer> {
  const payload = unverifiedPayload(token);
  if (payload === undefined) return MALFORMED;
  // Those of other issuers have no session here; Envoy verifies them with the keys of their issuer.
  if (payload['iss'] !== parts.platformIssuer) {
    return passUnlessRevoked(parts, { claims: revocableOf(payload), kid: keyIdOf(token) });
  }
  try {
    return await decideVerified(parts, await parts.verified.verify(token));
  } catch (error) {
    return fromError(error);
  }
}

async function decideVerified(parts: HopParts, { claims, kid }: HopToken): Promise<Answer> {
  const answer = passUnlessRevoked(parts, { claims, kid, audience: claims.aud });
  if (!answer.allowed || claims.session === undefined) return answer;
  const { session, user, sub, aud } = claims;
  return whileAlive(parts, { id: session.id, userId: user?.id ?? sub }, aud);
}

/** Both prefixes of the RequestAuthentications, and one token (RFC 7515 section 7.1) to the end. */
const TOKEN = /^(?:bearer|service) +([\w-]+\.[\w-]+\.[\w-]+)$/i;

interface Presented {
  readonly claims: RevocableClaims;
  readonly kid: string | undefined;
  readonly audience?: readonly string[];
}

function passUnlessRevoked(
  { revocations, maxStalenessMs, whenUnavailable }: HopParts,
  { claims, kid, audience = [] }: Presented,
): Answer {
  if (revocations.check(claims, kid) !== undefined) {
    return denied('token_revoked', DETAIL.token_revoked, askerOf(claims));
  }
  if (revocations.staleMs <= maxStalenessMs || whenUnavailable(audience) === 'Allow') return PASSED;
  return denied('unavailable', 'what is revoked cannot be known right now: try again', askerOf(claims));
}

async function whileAlive(
  { gate, whenUnavailable }: HopParts,
  session: { readonly id: string; readonly userId: string },
  audience: readonly string[],
): Promise<Answer> {
  const { state } = await gate.check(session);
  const asker = { asker: { user: session.userId, session: session.id } };
  if (state === 'over') return denied('session_expired', DETAIL.session_expired, asker);
  if (state === 'alive' || whenUnavailable(audience) === 'Allow') return PASSED;
  return denied('unavailable', 'the session cannot be looked up right now: try again', asker);
}

/** What a revocation can name of a token of any shape. */
function revocableOf(payload: Readonly<Record<string, unknown>>): RevocableClaims {
  const { jti, sub, iat, client_id, azp } = payload;
  const client = [client_id, azp].find((name) => typeof name === 'string');
  return {
    ...(typeof jti === 'string' && { jti }),
    ...(typeof sub === 'string' && { sub }),
    ...(typeof iat === 'number' && { iat }),
    ...(client !== undefined && { client_id: client }),
  };
}

function fromError(error: unknown): Answer {
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
