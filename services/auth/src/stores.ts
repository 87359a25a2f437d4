import { systemClock } from '@sekisho/kube';
import { connectRedis } from '@sekisho/sessions/redis';
import { type Checks, createMetrics } from '@sekisho/telemetry';
import { TOKEN_SECONDS } from '@sekisho/tokens';
import { createSqlAccounts } from './accounts/sql-accounts.ts';
import { type OpenDatabase, openDatabase, pingDatabase } from './database/open.ts';
import { openPatiently } from './database/open-patiently.ts';
import { openClusterKeys } from './exchange/open-cluster-keys.ts';
import { createWorkloadProof } from './exchange/workload-proof.ts';
import { openKeys } from './keys/keys.ts';
import { createAuthMetrics } from './metrics.ts';
import { ID_TOKEN_SECONDS } from './oauth/provider.ts';
import type { ServiceOptions } from './service-options.ts';
import { openSessions } from './sessions/open-sessions.ts';

export type Stores = Awaited<ReturnType<typeof openStores>>;

/** Everything that is kept somewhere, and what follows it; each is closed by `opened`. */
export async function openStores(options: ServiceOptions, opened: AsyncDisposableStack) {
  const { log, redisUrl, storeTimeoutMs } = options;
  const database = await openDatabaseOf(options);
  opened.defer(database.close);
  const redis = connectRedis({
    url: redisUrl,
    ...(storeTimeoutMs !== undefined && { commandTimeoutMs: storeTimeoutMs }),
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
    proveWorkload: openCluster(options, opened),
    redis,
    sessions,
    metrics,
    authMetrics,
    checks,
  };
}

function openDatabaseOf({ log, databaseUrl: url, databaseWait, ...options }: ServiceOptions): Promise<OpenDatabase> {
  const { storeTimeoutMs: timeoutMs, timers: clock = systemClock } = options;
  const onIdleError = (err: Error) => log.warn({ err }, 'an idle database connection broke');
  const open = () => openDatabase({ url, timeoutMs, onIdleError });
  if (databaseWait === undefined) return open();
  return openPatiently(open, { waitMs: databaseWait.ms, signal: databaseWait.signal, clock, log });
}

/** @returns undefined where no cluster's tokens are believed */
function openCluster({ workloadKeys, clock, timers = systemClock, log }: ServiceOptions, opened: AsyncDisposableStack) {
  if (workloadKeys === undefined) return undefined;
  const { clusterKeys, close } = openClusterKeys(workloadKeys, timers, log);
  opened.defer(close);
  return createWorkloadProof({ clusterKeys, clock });
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
