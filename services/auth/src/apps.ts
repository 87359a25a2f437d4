import { systemClock } from '@sekisho/kube';
import { createDeviceCheck } from '@sekisho/sessions';
import { ANY_AUDIENCE, createMinter, type EncryptionKeys } from '@sekisho/tokens';
import { AUDIENCE } from './accounts/account.ts';
import { type Accounts, assembleAccounts } from './accounts/accounts.ts';
import { recordAudit } from './audit/sql-audit.ts';
import { auditedAuthenticate, auditedExchange } from './audit/trail.ts';
import { assembleBrowserSessions, type BrowserSessionsApi } from './browser/assemble.ts';
import { guarded } from './database/guard.ts';
import { assembleExchange } from './exchange/assemble.ts';
import { workloadRoutes } from './exchange/routes.ts';
import { createSqlWorkloads } from './exchange/sql-workloads.ts';
import { buildAdminApp } from './http/admin-app.ts';
import { createAuthorize } from './http/authorize.ts';
import { clientAddress } from './http/client-address.ts';
import { ownPasswordRoute } from './http/own-password.ts';
import { buildPublicApp } from './http/public-app.ts';
import type { HttpServer } from './http/server.ts';
import { createKeyedHash } from './keys/keyed-hash.ts';
import { keyRoutes } from './keys/routes.ts';
import { signerRoutes } from './keys/signer-routes.ts';
import { countedAttempt } from './login/counted-attempt.ts';
import {
  type Authenticate,
  createAuthenticate,
  createLogin,
  type Login,
  type LoginDependencies,
} from './login/login.ts';
import { createLoginLimits, type LoginRates } from './login/login-limits.ts';
import { createAssertTokensFit } from './login/tokens-fit.ts';
import { LogoutDelivery } from './oauth/backchannel/delivery.ts';
import { reachingNetworks } from './oauth/backchannel/private-networks.ts';
import type { TellLogout } from './oauth/backchannel/teller.ts';
import { clientRoutes } from './oauth/clients/admin-routes.ts';
import { createSqlClients } from './oauth/clients/sql-clients.ts';
import type { EndSession } from './oauth/log-in-sessions.ts';
import type { OAuth, OAuthParts } from './oauth/oauth.ts';
import { setUpOAuth } from './oauth/set-up.ts';
import type { PasswordHasher } from './passwords/hasher.ts';
import { assembleRefreshTokens } from './refresh/assemble.ts';
import { createPresentAccess, type PresentAccess } from './refresh/present-access.ts';
import { beginOwnRefresh, createRefresh, type Refresh } from './refresh/refresh.ts';
import { createMarkRegion } from './regions/mark-region.ts';
import { regionRoutes } from './regions/routes.ts';
import { createRevokeByName } from './revocations/revoke-by-name.ts';
import type { ServiceOptions } from './service-options.ts';
import type { SessionEndings } from './sessions/session-endings.ts';
import { wireSessions } from './sessions/wire.ts';
import type { Stores } from './stores.ts';
import { tracedMinter } from './traces.ts';

const RATES: LoginRates = {
  // An office behind one address logs in together in the morning.
  network: { burst: 100, refillSeconds: 1 },
  // A person mistypes a few times.
  accountFromNetwork: { burst: 10, refillSeconds: 30 },
  // NIST SP 800-63B section 3.2.2: no more than 100 failures in a row.
  account: { burst: 100, refillSeconds: 30 },
};
type Parts = Stores & { readonly passwords: PasswordHasher };

/** What the service answers by: the apps, and what runs beside their requests. */
export function buildApps(options: ServiceOptions, parts: Parts) {
  const issuing = assembleIssuing(options, parts);
  const logIns = assembleLogIns(options, parts, issuing);
  const accounts = accountsOf(options, parts, { ...issuing, ...logIns });
  const { oauth, tellLogout } = assembleOAuth(options, parts, { ...issuing, ...logIns });
  const browser = assembleBrowser(options, parts, { ...issuing, ...logIns });
  return {
    upkeep: accounts.upkeep,
    logoutDelivery: logoutDeliveryOf(options, parts, tellLogout),
    publicApp: assemblePublicApp(options, parts, { ...issuing, ...logIns, ...accounts, oauth, browser }),
    adminApp: assembleAdminApp(options, parts, { ...issuing, ...accounts }),
  };
}

type Issuing = ReturnType<typeof assembleIssuing>;

/** All but signing keys is made with these: what one region gave out the others take. */
function sessionKeysOf({ encryptionKeys, sessionKeys = encryptionKeys }: ServiceOptions): EncryptionKeys {
  return sessionKeys;
}

/** What tokens are minted, verified, refreshed and ended by. */
function assembleIssuing(options: ServiceOptions, parts: Parts) {
  const { issuer, clock, uuid, prefix = 'sk' } = options;
  const { db, reads, redis, sessions, authMetrics: metrics, tracing } = parts;
  const { refresh: store } = sessions;
  const { ring: keys, guard } = parts.keys;
  const clients = createSqlClients(db, reads);
  const isFirstParty = async (id: string) => (await clients.find(id))?.firstParty === true;
  const wired = wireSessions({ sessions, issuer, keys, guardKeys: guard.ring, clock, metrics, tracing, isFirstParty });
  const minter = tracedMinter(tracing, createMinter({ issuer, key: () => keys.active, clock, uuid }));
  return {
    wired,
    minter,
    mint: wired.unrevoked(minter.access),
    refreshTokens: assembleRefreshTokens({
      ...{ store, redis, prefix, encryptionKeys: sessionKeysOf(options) },
      ...wired.refresh,
    }),
    endSession: endProven(sessions.endings),
  };
}

function endProven(endings: Pick<SessionEndings, 'proven'>): EndSession {
  return (userId, id, clientId) =>
    endings.proven({ userId, id, ...(clientId !== undefined && { clientId }) }, 'logout');
}

interface LogIns {
  readonly authenticate: Authenticate;
  /** Each begins its sessions in its own way. */
  readonly loginWith: (beginRefresh: LoginDependencies['beginRefresh']) => Login;
  readonly login: Login;
  readonly refresh: Refresh;
  readonly presentAccess: PresentAccess;
}

function assembleLogIns(options: ServiceOptions, parts: Parts, { mint, refreshTokens, endSession }: Issuing): LogIns {
  const { accounts, passwords, redis, audit, replicaLogIns } = parts;
  const { store: sessions, onSecurityEvent } = parts.sessions;
  const { clock, tokenLifetime, prefix = 'sk', rates = RATES, deviceChange = 'log' } = options;
  const hash = createKeyedHash(sessionKeysOf(options).current, 'login-limits');
  const limits = createLoginLimits({ redis, prefix, rates, hash });
  const common = { accounts, mint, clock, tokenLifetime, endSession };
  const checked = replicaLogIns.noteAuthenticated(createAuthenticate({ accounts, passwords, limits }));
  const authenticate = auditedAuthenticate(audit, checked);
  const loginWith: LogIns['loginWith'] = (beginRefresh) =>
    createLogin({ ...common, passwords, sessions, limits, beginRefresh, authenticate });
  const checkDevice = createDeviceCheck({ policy: deviceChange, onSecurityEvent });
  return {
    authenticate,
    loginWith,
    login: loginWith(beginOwnRefresh(refreshTokens)),
    refresh: createRefresh({ ...common, refreshTokens, checkDevice }),
    presentAccess: createPresentAccess(common),
  };
}

function assembleOAuth(options: ServiceOptions, parts: Parts, own: Issuing & LogIns): OAuthParts {
  const { db, reads, redis, accounts, proveWorkload, authMetrics, audit } = parts;
  const { store: sessions, revoker, revocations, regions } = parts.sessions;
  const { issuer, prefix = 'sk', clock, tokenLifetime, log } = options;
  const { wired, minter, mint, refreshTokens, endSession, authenticate } = own;
  const workloads = createSqlWorkloads(db, reads);
  return setUpOAuth({
    ...{ issuer, redis, prefix, db, reads, accounts, sessions, mint, clock, tokenLifetime, log },
    encryptionKeys: sessionKeysOf(options),
    ...{ authenticate, endSession, refreshTokens, revoker, revocations, clientAddress },
    keys: parts.keys.ring,
    region: regions.own,
    verify: wired.verifyFor(ANY_AUDIENCE),
    exchange: auditedExchange(
      audit,
      assembleExchange({
        ...{ proveWorkload, workloads, sessions, accounts, clock, verify: wired.verifyPublished },
        minter: { service: wired.unrevoked(minter.service), delegated: wired.unrevoked(minter.delegated) },
      }),
    ),
    metrics: authMetrics,
    fetch: reachingNetworks({ networks: options.logoutNetworks ?? [], fetch: options.fetch ?? globalThis.fetch }),
  });
}

function logoutDeliveryOf(options: ServiceOptions, { sessions, authMetrics }: Parts, tell: TellLogout): LogoutDelivery {
  const { log, timers: clock = systemClock, random = Math.random } = options;
  return new LogoutDelivery({ notices: sessions.notices, tell, metrics: authMetrics, log, clock, random });
}

function assembleBrowser(options: ServiceOptions, parts: Parts, own: Issuing & LogIns): BrowserSessionsApi {
  const { guardWorkloads: workloads = [] } = options;
  const { proveWorkload, authMetrics: metrics } = parts;
  const { loginWith, presentAccess, wired } = own;
  return assembleBrowserSessions({
    encryptionKeys: sessionKeysOf(options),
    ...{ workloads, proveWorkload, loginWith, presentAccess, metrics, clientAddress },
    store: parts.sessions.refresh,
    endings: parts.sessions.endings,
    isRevoked: wired.refresh.isRevoked,
  });
}

function accountsOf(options: ServiceOptions, parts: Parts, { minter, authenticate }: Issuing & LogIns): Accounts {
  const { log, uuid, timers = systemClock, random = Math.random, auditRetentionDays = 400 } = options;
  const { store: sessions, endings, revoker } = parts.sessions;
  return assembleAccounts({
    ...{ ...parts, sessions, endings, revoker, log, uuid, clock: timers, random, auditRetentionDays },
    authenticate: (attempt) => countedAttempt(parts.authMetrics, 'password', () => authenticate(attempt)),
    confirmLogIns: parts.replicaLogIns.confirm,
    // Only to measure: that the user's tokens were revoked this second does not matter.
    assertTokensFit: createAssertTokensFit(minter.access),
  });
}

type PublicParts = Issuing & LogIns & Accounts & { readonly oauth: OAuth; readonly browser: BrowserSessionsApi };

function assemblePublicApp(options: ServiceOptions, parts: Parts, own: PublicParts): HttpServer {
  const { log, trustedProxies = [], guardWorkloads: workloads = [] } = options;
  const { keys, proveWorkload } = parts;
  const { login, refresh, oauth, browser, wired, changeOwnPassword } = own;
  return buildPublicApp({
    ...{ log, login, refresh, trustedProxies, metrics: parts.authMetrics },
    ...{ tracing: parts.tracing, audit: parts.audit },
    pages: (app) => {
      oauth(app);
      browser.pages(app);
    },
    jwks: keys.published,
    jwksMaxAgeSeconds: Math.floor(keys.timing.cacheMs / 1000),
    more: (routes) => {
      wired.publicRoutes(routes);
      browser.routes(routes);
      ownPasswordRoute(routes, { ownSession: wired.ownSession, changeOwnPassword });
      signerRoutes(routes, { guard: keys.guard, accessKeys: () => keys.ring.published, workloads, proveWorkload });
    },
  });
}

function assembleAdminApp({ log, clock }: ServiceOptions, parts: Parts, own: Issuing & Accounts): HttpServer {
  const { db, reads, accounts, metrics, authMetrics, tracing, checks, audit: trail } = parts;
  const { regions } = parts.sessions;
  const { wired, administration, audit, outbox } = own;
  const authorizing = { clock, metrics: authMetrics };
  const authorize = createAuthorize({ verify: wired.verifyFor(AUDIENCE), ...authorizing });
  return buildAdminApp({
    ...{ log, accounts, administration, audit, authorize, metrics, tracing, trail, checks },
    sessions: parts.sessions.store,
    more: (routes) => {
      wired.adminRoutes(routes, { authorize, revoke: createRevokeByName({ db, outbox, clock }) });
      keyRoutes(routes, { keys: { auth: parts.keys.keeper, guard: parts.keys.guard }, authorize });
      clientRoutes(routes, { clients: createSqlClients(db, reads), outbox, authorize });
      workloadRoutes(routes, { workloads: createSqlWorkloads(db, reads), authorize });
      regionRoutes(routes, {
        regions,
        mark: createMarkRegion({ regions, record: (entry) => guarded(recordAudit(db, entry)), trail, log }),
        authorize: createAuthorize({ verify: wired.verifyBehind(AUDIENCE), ...authorizing }),
      });
    },
  });
}
