import type { RevocableClaims } from '@sekisho/sessions';
import { type AccessClaims, keyIdOf } from '@sekisho/tokens';
import type { SessionRef } from '../sessions/session-gate.ts';
import { type ExternalClaims, externalSubject, type Wanted } from './external.ts';
import { unified } from './unified.ts';

/** Where a TokenIssuer says that roles and permissions are. */
export interface ClaimPaths {
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** A narrow token that was handed out, as an `Authorization` header. */
export interface Handed {
  readonly authorization: string;
  /** Of the key that signed it. */
  readonly kid: string;
  /** By which claims of the presented token it was made; undefined where the policy did not name the issuer. */
  readonly readBy: ClaimPaths | undefined;
  /** Epoch seconds from which on another one is minted. */
  readonly renewAt: number;
}

/** A verified token with everything that is worked out once: it lives, and is forgotten, with the entry of the verify cache. */
export interface Credential {
  readonly iss: string;
  /** Epoch seconds. */
  readonly exp: number;
  readonly nbf?: number;
  /** As the issuer wrote them: policies name claims by its paths. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly revocable: RevocableClaims;
  readonly kid: string | undefined;
  /** Absent on a token that no session stands behind. */
  readonly session?: SessionRef;
  /**
   * The claims in the platform's shape, as far as one service is concerned.
   * @throws TokenError `claims_invalid`
   */
  readonly unified: (wanted: Wanted) => AccessClaims;
  /** By service; HandedTokens says for how long. */
  readonly handed: Map<string, Handed>;
}

export function platformCredential(claims: AccessClaims, token: string): Credential {
  const { session, user, sub, iss, exp, nbf, iat } = claims;
  const kid = keyIdOf(token);
  return {
    ...{ iss, exp, nbf, claims },
    revocable: claims,
    kid,
    ...(session !== undefined && { session: { id: session.id, userId: user?.id ?? sub, from: { kid, iat } } }),
    unified: () => claims,
    handed: new Map(),
  };
}

/** @param issuer name of the TokenIssuer */
export function externalCredential(claims: ExternalClaims, token: string, issuer: string): Credential {
  const { iss, exp, nbf, jti, iat, azp, client_id } = claims;
  const client = [client_id, azp].find((name) => typeof name === 'string');
  const revocable = {
    sub: externalSubject(issuer, claims.sub),
    ...(jti !== undefined && { jti }),
    ...(iat !== undefined && { iat }),
    ...(client !== undefined && { client_id: client }),
  };
  return {
    ...{ iss, exp, claims, revocable },
    ...(nbf !== undefined && { nbf }),
    kid: keyIdOf(token),
    unified: (wanted) => unified(claims, { token, issuer, ...wanted }),
    handed: new Map(),
  };
}
