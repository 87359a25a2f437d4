import type { Tracing } from '@sekisho/telemetry';
import {
  ANY_AUDIENCE,
  createVerifier,
  type Jwks,
  type Minted,
  type VerifierOptions,
  type Verify,
} from '@sekisho/tokens';
import type { Authorize } from '../http/authorize.ts';
import { countedVerify } from '../http/counted-verify.ts';
import type { HttpServer } from '../http/server.ts';
import type { AuthMetrics } from '../metrics.ts';
import type { RefreshTokensOptions } from '../refresh/refresh-tokens.ts';
import { refuseRevoked } from '../revocations/refuse-revoked.ts';
import type { RevokeByName } from '../revocations/revoke-by-name.ts';
import { revocationRoutes } from '../revocations/routes.ts';
import { isSessionRevoked } from '../revocations/session-revoked.ts';
import { unrevokedMint } from '../revocations/unrevoked-mint.ts';
import { tracedVerify } from '../traces.ts';
import type { Sessions } from './open-sessions.ts';
import { createNamedSession, createOwnSession, type OwnSession, type OwnSessionOptions } from './own-session.ts';
import { sessionRoutes } from './routes.ts';

export interface WireSessionsOptions {
  readonly sessions: Sessions;
  readonly issuer: string;
  /** Of this service, as they were last known and as they are. */
  readonly keys: { readonly jwks: Jwks; readonly published: Jwks };
  /** Of the guard, which narrows tokens. */
  readonly guardKeys: { readonly published: Jwks };
  readonly clock: () => Date;
  readonly metrics: Pick<AuthMetrics, 'validations' | 'tokenFailures'>;
  readonly tracing: Tracing;
  readonly isFirstParty: OwnSessionOptions['isFirstParty'];
}

export interface WiredSessions {
  /** Verifies tokens of this service's keys, and refuses revoked ones. */
  verifyFor(audience: VerifierOptions['audience']): Verify;
  /**
   * The same while other regions are not heard of: for what must work then, and where a token that was revoked there does no
   * harm. To log out is one, to give such a region up the other.
   */
  verifyBehind(audience: VerifierOptions['audience']): Verify;
  /** Verifies tokens of every key that is published, for any audience, narrow ones of the guard too, and refuses revoked ones. */
  readonly verifyPublished: Verify;
  unrevoked<Args extends readonly unknown[]>(mint: (...args: Args) => Promise<Minted>): typeof mint;
  /** The live session that a request's token belongs to. */
  readonly ownSession: OwnSession;
  publicRoutes(app: HttpServer): void;
  adminRoutes(app: HttpServer, options: { readonly authorize: Authorize; readonly revoke: RevokeByName }): void;
  /** What refresh tokens ask and tell. */
  readonly refresh: Pick<RefreshTokensOptions, 'endSession' | 'isRevoked'>;
}

/** What users and administrators do with sessions and revocations. */
export function wireSessions({
  sessions,
  issuer,
  keys,
  guardKeys,
  clock,
  metrics,
  tracing,
  isFirstParty,
}: WireSessionsOptions): WiredSessions {
  const { store, endings, onSecurityEvent } = sessions;
  const verifier = (options: VerifierOptions) => tracedVerify(tracing, createVerifier(options));
  const { assertFresh, assertCaughtUp } = sessions.knowledge;
  const ownVerifier = (audience: VerifierOptions['audience']) =>
    verifier({ issuer, audience, jwks: () => keys.jwks, clock });
  const refusing = (verify: Verify, assertKnown: () => void) =>
    refuseRevoked({ verify, revocations: sessions.revocations, assertKnown });
  const verifyFor = (audience: VerifierOptions['audience']) => refusing(ownVerifier(audience), assertCaughtUp);
  const verifyBehind = (audience: VerifierOptions['audience']) => refusing(ownVerifier(audience), assertFresh);
  const ownSession = createOwnSession({
    verify: countedVerify(verifyFor(ANY_AUDIENCE), metrics),
    sessions: store,
    isFirstParty,
  });
  const namedSession = createNamedSession({ verify: countedVerify(verifyBehind(ANY_AUDIENCE), metrics) });
  const verify = verifier({
    issuer,
    audience: ANY_AUDIENCE,
    jwks: () => keys.published,
    narrowJwks: () => guardKeys.published,
    clock,
  });
  return {
    verifyFor,
    verifyBehind,
    verifyPublished: refusing(verify, assertCaughtUp),
    ownSession,
    unrevoked: (mint) => unrevokedMint(mint, sessions.revocations),
    publicRoutes: (app) => sessionRoutes(app, { sessions: store, endings, ownSession, namedSession }),
    adminRoutes: (app, options) => revocationRoutes(app, { ...options, verify, onSecurityEvent }),
    refresh: {
      isRevoked: (session, clientId) =>
        isSessionRevoked(sessions.revocations, { session, clientId }, sessions.regions.own),
      async endSession(userId, sessionId) {
        onSecurityEvent({ kind: 'refresh_replayed', userId, sessionId });
        await endings.one(userId, sessionId, 'refresh_replayed');
      },
    },
  };
}
