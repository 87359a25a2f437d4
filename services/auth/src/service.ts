import { availableParallelism } from 'node:os';
import { type Clock, type Random, systemClock } from '@sekisho/kube';
import { createSessionStore, type SessionStore } from '@sekisho/sessions';
import { connectRedis } from '@sekisho/sessions/redis';
import { type Checks, createMetrics, type Logger, type Metrics } from '@sekisho/telemetry';
import { createMinter, createVerifier, type Mint } from '@sekisho/tokens';
import { AUDIENCE } from './accounts/account.ts';
import { type Accounts, assembleAccounts } from './accounts/accounts.ts';
import { createSqlAccounts } from './accounts/sql-accounts.ts';
import { bootstrapAdministrator, type FirstAdministrator } from './bootstrap.ts';
import { openDatabase, pingDatabase } from './database/open.ts';
import { buildAdminApp } from './http/admin-app.ts';
import { createAuthorize } from './http/authorize.ts';
import { buildPublicApp } from './http/public-app.ts';
import type { HttpServer } from './http/server.ts';
import { assertStored, loadKeyRing } from './keys/key-ring.ts';
import { createKeyedHash } from './keys/keyed-hash.ts';
import { createSqlKeys } from './keys/sql-keys.ts';
import { createLogin } from './login/login.ts';
import { createLoginLimits, type LoginRates } from './login/login-limits.ts';
import { createAssertTokensFit } from './login/tokens-fit.ts';
import { createAuthMetrics } from './metrics.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords/hasher.ts';

export interface ServiceOptions {
  readonly issuer: string;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  /** 32 bytes that signing keys are encrypted with and other keys are derived from. */
  readonly encryptionKey: Buffer;
  readonly firstAdministrator?: FirstAdministrator;
  /** Seconds an access token lives. */
  readonly tokenLifetime: number;
  /** Addresses and networks whose `X-Forwarded-For` is believed. @default none */
  readonly trustedProxies?: readonly string[];
  readonly log: Logger;
  readonly clock: () => Date;
  readonly uuid: () => string;
  /** First part of every key in Redis. @default 'sk' */
  readonly prefix?: string;
  readonly rates?: LoginRates;
  /** Days that entries of the audit log are kept. @default 400 */
  readonly auditRetentionDays?: number;
  /** What runs beside requests is timed by. @default the system's */
  readonly timers?: Clock;
  /** @default Math.random */
  readonly random?: Random;
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

async function openStores({ log, redisUrl, databaseUrl, encryptionKey }: ServiceOptions, opened: AsyncDisposableStack) {
  const database = await openDatabase({
    url: databaseUrl,
    onIdleError: (err) => log.warn({ err }, 'an idle database connection broke'),
  });
  opened.defer(database.close);
  const keyStore = createSqlKeys(database.db);
  const keys = await loadKeyRing(keyStore, encryptionKey);
  const redis = connectRedis({
    url: redisUrl,
    onState: (state, err) => (state === 'ready' ? log.info('Redis connected') : log.warn({ err }, 'Redis lost')),
  });
  opened.defer(() => redis.disconnect());
  const checks: Checks = {
    database: () => pingDatabase(database.db),
    redis: () => redis.ping(),
    keys: () => assertStored(keyStore, keys),
  };
  return { db: database.db, accounts: createSqlAccounts(database.db), keys, redis, checks };
}

type Stores = Awaited<ReturnType<typeof openStores>> & { readonly passwords: PasswordHasher };

async function bootstrap({ log, uuid, firstAdministrator }: ServiceOptions, { accounts, passwords }: Stores) {
  if (firstAdministrator === undefined) return;
  const made = await bootstrapAdministrator({ accounts, passwords, uuid }, firstAdministrator);
  if (made) log.info('first administrator made');
}

function buildApps(options: ServiceOptions, stores: Stores) {
  const { accounts, passwords, keys, redis, checks } = stores;
  const { log, clock, uuid, issuer, encryptionKey, tokenLifetime, trustedProxies = [] } = options;
  const { prefix = 'sk', rates = RATES } = options;
  const metrics = createMetrics();
  const authMetrics = createAuthMetrics(metrics);
  const { access: mint } = createMinter({ issuer, key: () => keys.active, clock, uuid });
  const sessions = createSessionStore({ redis, clock, newId: uuid, prefix });
  const login = createLogin({
    accounts,
    passwords,
    sessions,
    limits: createLoginLimits({ redis, prefix, rates, hash: createKeyedHash(encryptionKey, 'login-limits') }),
    mint,
    clock,
    tokenLifetime,
  });
  const verify = createVerifier({ issuer, audience: AUDIENCE, jwks: () => keys.jwks, clock });
  const authorize = createAuthorize({ verify, clock, metrics: authMetrics });
  const { administration, audit, upkeep } = accountsOf(options, { ...stores, sessions, metrics, mint });
  return {
    upkeep,
    publicApp: buildPublicApp({
      log,
      login,
      jwks: () => keys.jwks,
      metrics: authMetrics,
      trustedProxies,
    }),
    adminApp: buildAdminApp({
      log,
      accounts,
      administration,
      audit,
      authorize,
      metrics,
      checks,
    }),
  };
}

type AccountParts = Stores & { readonly sessions: SessionStore; readonly metrics: Metrics; readonly mint: Mint };

function accountsOf(options: ServiceOptions, { mint, ...parts }: AccountParts): Accounts {
  const { log, uuid, timers = systemClock, random = Math.random, auditRetentionDays = 400 } = options;
  const assertTokensFit = createAssertTokensFit(mint);
  return assembleAccounts({ ...parts, assertTokensFit, log, uuid, clock: timers, random, auditRetentionDays });
}
