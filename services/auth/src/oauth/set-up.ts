import type { RevocationReader, Revoker, SessionStore } from '@sekisho/sessions';
import type { RedisClient } from '@sekisho/sessions/redis';
import type { Verify } from '@sekisho/tokens';
import type { Kysely } from 'kysely';
import type { Database } from '../database/schema.ts';
import { withWorkloads } from '../exchange/workload-clients.ts';
import { createKeyedHash } from '../keys/keyed-hash.ts';
import { clientNetwork } from '../login/client-network.ts';
import { take } from '../login/rate-limit.ts';
import { createSqlClients } from './clients/sql-clients.ts';
import { parseIssuer } from './issuer.ts';
import { createIsLogInRevoked } from './log-in-age.ts';
import { createLogInSessions, type EndSession } from './log-in-sessions.ts';
import { createOAuth, type OAuthOptions, type OAuthParts } from './oauth.ts';
import { SESSION_SECONDS } from './provider.ts';
import { createResources } from './resources.ts';
import { createArtefacts } from './store/artefacts.ts';
import { createBrowserSessions } from './store/browser-sessions.ts';

export interface OAuthSetUp
  extends Pick<
    OAuthOptions,
    | 'accounts'
    | 'authenticate'
    | 'clientAddress'
    | 'clock'
    | 'encryptionKeys'
    | 'exchange'
    | 'fetch'
    | 'keys'
    | 'log'
    | 'metrics'
    | 'mint'
    | 'refreshTokens'
    | 'tokenLifetime'
  > {
  readonly issuer: string;
  readonly redis: RedisClient;
  /** First part of every key in Redis. */
  readonly prefix: string;
  readonly db: Kysely<Database>;
  /** Where single statements that read are asked; see OpenDatabase. */
  readonly reads: Kysely<Database>;
  readonly sessions: SessionStore;
  readonly endSession: EndSession;
  readonly revoker: Pick<Revoker, 'revoke'>;
  readonly revocations: Pick<RevocationReader, 'check'>;
  /** This one, where there are several. */
  readonly region: string | undefined;
  /** Accepts every unrevoked token of this issuer, for any audience. */
  readonly verify: Verify;
}

/** Of 2.6e10 codes; each lives ten minutes, and a person types one or two. */
const USER_CODES = { burst: 20, refillSeconds: 15 };

/** OAuth and OpenID Connect on Redis and the database. */
export function setUpOAuth({
  issuer,
  redis,
  prefix,
  db,
  reads,
  verify,
  revoker,
  revocations,
  region,
  ...rest
}: OAuthSetUp): OAuthParts {
  const { sessions, endSession, metrics } = rest;
  // By name alone: whether its log-in is older than another revocation is asked with the log-in's age.
  const isRevoked = (id: string) => revocations.check({ session: { id } })?.kind === 'session';
  const networkHash = createKeyedHash(rest.encryptionKeys.current, 'user-code-limits');
  const browsers = createBrowserSessions(redis, { prefix, ttlSeconds: SESSION_SECONDS });
  return createOAuth({
    ...rest,
    issuer: parseIssuer(issuer),
    clients: withWorkloads(createSqlClients(db, reads)),
    artefacts: createArtefacts(redis, prefix),
    logIns: createLogInSessions({ sessions, browsers, endSession, isRevoked, metrics }),
    isLogInRevoked: createIsLogInRevoked(revocations, region),
    resources: createResources(issuer),
    takeUserCode: (ip) =>
      take(redis, { key: `${prefix}:limit:user-code:${networkHash(clientNetwork(ip))}`, rate: USER_CODES }),
    tokenEndpoints: {
      verify,
      revokeToken: ({ jti, exp }) => revoker.revoke({ kind: 'token', id: jti, exp }),
      refreshTokens: rest.refreshTokens,
      endSession,
    },
  });
}
