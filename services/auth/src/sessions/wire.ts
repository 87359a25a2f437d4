import { ANY_AUDIENCE, createVerifier, type Jwks, type Verify } from '@sekisho/tokens';
import type { Authorize } from '../http/authorize.ts';
import { countedVerify } from '../http/counted-verify.ts';
import type { HttpServer } from '../http/server.ts';
import type { AuthMetrics } from '../metrics.ts';
import { refuseRevoked } from '../revocations/refuse-revoked.ts';
import { revocationRoutes } from '../revocations/routes.ts';
import type { Sessions } from './open-sessions.ts';
import { createOwnSession } from './own-session.ts';
import { sessionRoutes } from './routes.ts';

export interface WireSessionsOptions {
  readonly sessions: Sessions;
  readonly issuer: string;
  /** `jwks` are the keys of this service, `published` those that others sign with too. */
  readonly keys: { readonly jwks: Jwks; readonly published: Jwks };
  readonly clock: () => Date;
  readonly metrics: Pick<AuthMetrics, 'validations' | 'tokenFailures'>;
}

export interface WiredSessions {
  /** Verifies tokens of this service's keys, and refuses revoked ones. */
  verifyFor(audience: string): Verify;
  publicRoutes(app: HttpServer): void;
  adminRoutes(app: HttpServer, authorize: Authorize): void;
}

/** What users and administrators do with sessions and revocations. */
export function wireSessions({ sessions, issuer, keys, clock, metrics }: WireSessionsOptions): WiredSessions {
  const { store, endings, revoker, onSecurityEvent } = sessions;
  const fresh = (audience: string | typeof ANY_AUDIENCE) =>
    refuseRevoked({ ...sessions, verify: createVerifier({ issuer, audience, jwks: () => keys.jwks, clock }) });
  const ownSession = createOwnSession({ verify: countedVerify(fresh(ANY_AUDIENCE), metrics), sessions: store });
  const verify = createVerifier({ issuer, audience: ANY_AUDIENCE, jwks: () => keys.published, clock });
  return {
    verifyFor: fresh,
    publicRoutes: (app) => sessionRoutes(app, { sessions: store, endings, ownSession }),
    adminRoutes: (app, authorize) =>
      revocationRoutes(app, { authorize, revoker, sessions: store, endings, verify, onSecurityEvent }),
  };
}
