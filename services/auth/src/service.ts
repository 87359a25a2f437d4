import { availableParallelism } from 'node:os';
import { type Clock, type Random, systemClock } from '@sekisho/kube';
import { createDeviceCheck, type DevicePolicy } from '@sekisho/sessions';
import { connectRedis } from '@sekisho/sessions/redis';
import { type Checks, createMetrics, type Logger } from '@sekisho/telemetry';
import { ANY_AUDIENCE, createMinter, type EncryptionKeys, type Mint, TOKEN_SECONDS } from '@sekisho/tokens';
import { AUDIENCE } from './accounts/account.ts';
import { type Accounts, assembleAccounts } from './accounts/accounts.ts';
import { createSqlAccounts } from './accounts/sql-accounts.ts';
import { bootstrapAdministrator, type FirstAdministrator } from './bootstrap.ts';
import { openDatabase, pingDatabase } from './database/open.ts';
import { assembleExchange } from './exchange/assemble.ts';
import type { WorkloadKeySource } from './exchange/config.ts';
import { openClusterKeys } from './exchange/open-cluster-keys.ts';
import { workloadRoutes } from './exchange/routes.ts';
import { createSqlWorkloads } from './exchange/sql-workloads.ts';
import type { WorkloadId } from './exchange/workload.ts';
import { createWorkloadProof } from './exchange/workload-proof.ts';
import { buildAdminApp } from './http/admin-app.ts';
import { createAuthorize } from './http/authorize.ts';
import { ownPasswordRoute } from './http/own-password.ts';
import { buildPublicApp, clientAddress } from './http/public-app.ts';
import type { HttpServer } from './http/server.ts';
import type { KeySettings } from './keys/config.ts';
import { createKeyedHash } from './keys/keyed-hash.ts';
import { openKeys } from './keys/keys.ts';
import { keyRoutes } from './keys/routes.ts';
import { signerRoutes } from './keys/signer-routes.ts';
import { countedAttempt } from './login/counted-attempt.ts';
import { type Authenticate, createAuthenticate, createLogin } from './login/login.ts';
import { createLoginLimits, type LoginRates } from './login/login-limits.ts';
import { createAssertTokensFit } from './login/tokens-fit.ts';
import { createAuthMetrics } from './metrics.ts';
import { clientRoutes } from './oauth/clients/admin-routes.ts';
import { createSqlClients } from './oauth/clients/sql-clients.ts';
import { ID_TOKEN_SECONDS } from './oauth/provider.ts';
import { setUpOAuth } from './oauth/set-up.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords/hasher.ts';
import { assembleRefreshTokens } from './refresh/assemble.ts';
import { beginOwnRefresh, createRefresh } from './refresh/refresh.ts';
import { openSessions, type Sessions } from './sessions/open-sessions.ts';
import { wireSessions } from './sessions/wire.ts';

export interface ServiceOptions {
  readonly issuer: string;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** What signing keys are encrypted with; other keys are derived from the current one. */
  readonly encryptionKeys: EncryptionKeys;
  readonly keys: KeySettings;
  /** Whose ServiceAccount tokens prove workloads. @default nobody's: workloads exchange no tokens */
  readonly workloadKeys?: WorkloadKeySource | undefined;
  /** Who may have the guard's keys. @default nobody */
  readonly guardWorkloads?: readonly WorkloadId[];
  readonly firstAdministrator?: FirstAdministrator;
  /** Seconds an access token lives. */
  readonly tokenLifetime: number;
  /** Addresses and networks whose `X-Forwarded-For` is believed. @default none */
  readonly trustedProxies?: readonly string[];
  readonly log: Logger;
  readonly clock: () => Date;
  readonly uuid: () => string;
  /** What runs beside requests is timed by. @default the system's */
  readonly timers?: Clock;
  /** @default Math.random */
  readonly random?: Random;
  /** First part of every key in Redis. @default 'sk' */
  readonly prefix?: string;
  /** Seconds that may pass without news of revocations before tokens are refused. @default 60 */
  readonly revocationMaxStaleness?: number;
  /** Replicas of Redis that must confirm a revocation. @default 0 */
  readonly revocationMinReplicas?: number;
  readonly rates?: LoginRates;
  /** What a refresh from a changed device leads to. @default 'log' */
  readonly deviceChange?: DevicePolicy;
  /** Days that entries of the audit log are kept. @default 400 */
  readonly auditRetentionDays?: number;
  /** How applications are told of a log-out. @default the platform's own */
  readonly fetch?: typeof globalThis.fetch;
}

export interface Service {
  readonly publicApp: HttpServer;
  readonly adminApp: HttpServer;
  /** Ends requests in flight, then what they need. */
  close(): Promise<void>;
}

const RATES: LoginRates = {
  // An office behind one address logs in together in the morning.
  network: { burst: 100, refillSeconds: 1 },
  // A person mistypes a few times.
  accountFromNetwork: { burst: 10, refillSeconds: 30 },
  // NIST SP 800-63B section 3.2.2: no more than 100 failures in a row.
  account: { burst: 100, refillSeconds: 30 },
};
/** At about 20 ms a hash and a core, the last in the queue waits a second. */
const HASHING = { concurrency: availableParallelism(), maxWaiting: 50 * availableParallelism() };

/**
 * The service with everything it needs, not yet listening.
 * @throws AuthError when the database, its keys or the encryption key are not usable
 */
export async function createService(options: ServiceOptions): Promise<Service> {
  // What was opened is closed again in reverse, also when a later step fails.
  await using opened = new AsyncDisposableStack();
  const stores = await openStores(options, opened);
  const passwords = await createPasswordHasher(HASHING);
  await bootstrap(options, { ...stores, passwords });
  const { upkeep, ...apps } = buildApps(options, { ...stores, passwords });
  upkeep.start();
  opened.defer(upkeep.stop);
  opened.defer(() => apps.adminApp.close());
  opened.defer(() => apps.publicApp.close());
  const owned = opened.move();
  return { ...apps, close: () => owned.disposeAsync() };
}

async function openStores(options: ServiceOptions, opened: AsyncDisposableStack) {
  const { log, redisUrl, databaseUrl } = options;
  const database = await openDatabase({
    url: databaseUrl,
    onIdleError: (err) => log.warn({ err }, 'an idle database connection broke'),
  });
  opened.defer(database.close);
  const redis = connectRedis({
    url: redisUrl,
    onState: (state, err) => (state === 'ready' ? log.info('Redis connected') : log.warn({ err }, 'Redis lost')),
  });
  opened.defer(() => redis.disconnect());
  const metrics = createMetrics();
  const authMetrics = createAuthMetrics(metrics);
  const longestLived = longestTokenSeconds(options.tokenLifetime);
  const sessions = openSessions({ ...options, tokenLifetime: longestLived, redis, metrics, authMetrics });
  opened.defer(sessions.close);
  const { revokeKey } = sessions;
  const keys = await openKeys({ ...keysOptions(options), db: database.db, revokeKey, metrics });
  opened.defer(keys.close);
  const checks: Checks = {
    database: () => pingDatabase(database.db),
    redis: () => redis.ping(),
    keys: async () => [keys.ring.active, keys.published()],
    revocations: sessions.assertFresh,
  };
  return {
    db: database.db,
    accounts: createSqlAccounts(database.db),
    keys,
    clusterKeys: openCluster(options, opened),
    redis,
    sessions,
    metrics,
    authMetrics,
    checks,
  };
}

function openCluster({ workloadKeys, timers = systemClock, log }: ServiceOptions, opened: AsyncDisposableStack) {
  if (workloadKeys === undefined) return undefined;
  const { clusterKeys, close } = openClusterKeys(workloadKeys, timers, log);
  opened.defer(close);
  return clusterKeys;
}

function keysOptions({ keys, timers = systemClock, random = Math.random, ...options }: ServiceOptions) {
  const { encryptionKeys, issuer, tokenLifetime, log } = options;
  const longest = longestTokenSeconds(tokenLifetime);
  return { settings: keys, encryptionKeys, issuer, longestTokenSeconds: longest, log, clock: timers, random };
}

/** Of all that this service signs. @param access seconds an access token lives */
function longestTokenSeconds(access: number): number {
  return Math.max(access, ID_TOKEN_SECONDS, ...Object.values(TOKEN_SECONDS));
}

type Stores = Awaited<ReturnType<typeof openStores>> & { readonly passwords: PasswordHasher };

async function bootstrap({ log, uuid, firstAdministrator }: ServiceOptions, { accounts, passwords }: Stores) {
  if (firstAdministrator === undefined) return;
  const made = await bootstrapAdministrator({ accounts, passwords, uuid }, firstAdministrator);
  if (made) log.info('first administrator made');
}

function buildApps(options: ServiceOptions, stores: Stores) {
  const { db, accounts, passwords, clusterKeys, redis, metrics, authMetrics, checks } = stores;
  const { log, clock, uuid, issuer, encryptionKeys, tokenLifetime, trustedProxies = [] } = options;
  const { guardWorkloads = [], prefix = 'sk', rates = RATES, deviceChange = 'log' } = options;
  const { ring: keys, guard, keeper, published, timing } = stores.keys;
  const { store: sessions, endings, revoker, revocations } = stores.sessions;
  const wired = wireSessions({
    sessions: stores.sessions,
    issuer,
    keys,
    guardKeys: guard.ring,
    clock,
    metrics: authMetrics,
  });
  const minter = createMinter({ issuer, key: () => keys.active, clock, uuid });
  const mint = wired.unrevoked(minter.access);
  const workloads = createSqlWorkloads(db);
  const refreshTokens = assembleRefreshTokens({ redis, prefix, sessions, encryptionKeys, clock, ...wired.refresh });
  const hash = createKeyedHash(encryptionKeys.current, 'login-limits');
  const limits = createLoginLimits({ redis, prefix, rates, hash });
  const beginRefresh = beginOwnRefresh(refreshTokens);
  const login = createLogin({ accounts, passwords, sessions, limits, mint, beginRefresh, clock, tokenLifetime });
  const authenticate = createAuthenticate({ accounts, passwords, limits });
  const endSession = async (userId: string, id: string) => void (await endings.one(userId, id, 'logout'));
  const proveWorkload = clusterKeys && createWorkloadProof({ clusterKeys, clock });
  const exchange = assembleExchange({
    ...{ proveWorkload, workloads, sessions, accounts, clock, verify: wired.verifyPublished },
    minter: { service: wired.unrevoked(minter.service), delegated: wired.unrevoked(minter.delegated) },
  });
  const oauth = setUpOAuth({
    ...{ issuer, redis, prefix, db, accounts, sessions, keys, mint, clock, tokenLifetime, encryptionKeys, log },
    authenticate,
    endSession,
    refreshTokens,
    revoker,
    revocations,
    verify: wired.verifyFor(ANY_AUDIENCE),
    exchange,
    metrics: authMetrics,
    fetch: options.fetch ?? globalThis.fetch,
    clientAddress,
  });
  const refresh = createRefresh({
    ...{ refreshTokens, accounts, endSession, mint, clock, tokenLifetime },
    checkDevice: createDeviceCheck({ policy: deviceChange, onSecurityEvent: stores.sessions.onSecurityEvent }),
  });
  const authorize = createAuthorize({ verify: wired.verifyFor(AUDIENCE), clock, metrics: authMetrics });
  const { administration, changeOwnPassword, audit, upkeep } = accountsOf(options, {
    ...stores,
    ...stores.sessions,
    authenticate: (attempt) => countedAttempt(authMetrics, 'password', () => authenticate(attempt)),
    // Only to measure: that the user's tokens were revoked this second does not matter.
    mint: minter.access,
  });
  return {
    upkeep,
    publicApp: buildPublicApp({
      log,
      login,
      refresh,
      jwks: published,
      jwksMaxAgeSeconds: Math.floor(timing.cacheMs / 1000),
      metrics: authMetrics,
      trustedProxies,
      oauth,
      more: (routes) => {
        wired.publicRoutes(routes);
        ownPasswordRoute(routes, { ownSession: wired.ownSession, changeOwnPassword });
        signerRoutes(routes, { guard, accessKeys: () => keys.published, workloads: guardWorkloads, proveWorkload });
      },
    }),
    adminApp: buildAdminApp({
      log,
      accounts,
      sessions,
      administration,
      audit,
      authorize,
      metrics,
      checks,
      more: (routes) => {
        wired.adminRoutes(routes, authorize);
        keyRoutes(routes, { keys: { auth: keeper, guard }, authorize });
        clientRoutes(routes, { clients: createSqlClients(db), authorize });
        workloadRoutes(routes, { workloads, authorize });
      },
    }),
  };
}

type AccountParts = Omit<Stores, 'sessions'> &
  Pick<Sessions, 'endings' | 'revoker'> & { readonly authenticate: Authenticate; readonly mint: Mint };

function accountsOf(options: ServiceOptions, { mint, ...parts }: AccountParts): Accounts {
  const { log, uuid, timers = systemClock, random = Math.random, auditRetentionDays = 400 } = options;
  const assertTokensFit = createAssertTokensFit(mint);
  return assembleAccounts({ ...parts, assertTokensFit, log, uuid, clock: timers, random, auditRetentionDays });
}
