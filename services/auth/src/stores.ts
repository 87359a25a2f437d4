import { systemClock } from '@sekisho/kube';
import { type Checks, createMetrics, type Metrics, openTracing, type Tracing, traceRedis } from '@sekisho/telemetry';
import { TOKEN_SECONDS } from '@sekisho/tokens';
import manifest from '../package.json' with { type: 'json' };
import { createSqlAccounts } from './accounts/sql-accounts.ts';
import { openAuditTrail } from './audit/trail.ts';
import { createReplicaMetrics } from './database/metrics.ts';
import { type OpenDatabase, openDatabase, pingDatabase, type ReplicaOptions } from './database/open.ts';
import { openPatiently } from './database/open-patiently.ts';
import { startPulse } from './database/pulse.ts';
import { openClusterKeys } from './exchange/open-cluster-keys.ts';
import { createWorkloadProof } from './exchange/workload-proof.ts';
import { openKeys } from './keys/keys.ts';
import { createReplicaLogIns, type ReplicaLogIns, type ReplicaLogInsOptions } from './login/replica-log-ins.ts';
import { createAuthMetrics } from './metrics.ts';
import { ID_TOKEN_SECONDS } from './oauth/provider.ts';
import { connectStores } from './regions/connections.ts';
import { lostOf } from './regions/directory.ts';
import type { ServiceOptions } from './service-options.ts';
import { openSessions } from './sessions/open-sessions.ts';
import { queryLog } from './traces.ts';

export type Stores = Awaited<ReturnType<typeof openStores>>;

/** Everything that is kept somewhere, and what follows it; each is closed by `opened`. */
export async function openStores(options: ServiceOptions, opened: AsyncDisposableStack) {
  const { log } = options;
  const metrics = createMetrics({ build: { part: 'auth', version: manifest.version } });
  const tracing = await openTraces(options, metrics, opened);
  const database = await openDatabaseOf(options, tracing);
  opened.defer(database.close);
  watchReplica(options, { database, metrics }, opened);
  const connections = connectStores(options);
  opened.defer(connections.close);
  const authMetrics = createAuthMetrics(metrics);
  const audit = openAuditTrail(log, metrics);
  const longestLived = longestTokenSeconds(options.tokenLifetime);
  const sessions = openSessions({ ...options, tokenLifetime: longestLived, connections, metrics, authMetrics, audit });
  opened.defer(sessions.close);
  const { revokeKey, regions } = sessions;
  const lostRegions = () => lostOf(regions);
  const keys = await openKeys({ ...keysOptions(options), database, revokeKey, lostRegions, metrics });
  opened.defer(keys.close);
  const replicaLogIns = replicaLogInsOf(options, { database, connections, endings: sessions.endings });
  const checks: Checks = {
    database: () => pingDatabase(database.agedReads),
    redis: connections.ping,
    keys: async () => [keys.ring.assertServing(), keys.published()],
    revocations: sessions.assertReady,
  };
  return {
    db: database.db,
    reads: database.reads,
    accounts: replicaLogIns.noteBegun(createSqlAccounts(database.db, database.reads, database.agedReads)),
    replicaLogIns,
    keys,
    proveWorkload: openCluster(options, opened),
    redis: connections.serving,
    sessions,
    metrics,
    authMetrics,
    tracing,
    audit,
    checks,
  };
}

function openDatabaseOf(options: ServiceOptions, tracing: Tracing): Promise<OpenDatabase> {
  const { log, databaseUrl: url, databaseWait, storeTimeoutMs: timeoutMs, timers: clock = systemClock } = options;
  const onIdleError = (err: Error) => log.warn({ err }, 'an idle database connection broke');
  const replica = replicaOf(options);
  const open = () => openDatabase({ url, replica, timeoutMs, onIdleError, log: queryLog(tracing) });
  if (databaseWait === undefined) return open();
  return openPatiently(open, { waitMs: databaseWait.ms, signal: databaseWait.signal, clock, log });
}

function replicaOf({
  log,
  databaseReadUrl: url,
  databaseReplicaMaxAgeMs: maxAgeMs,
  timers: clock = systemClock,
}: ServiceOptions): ReplicaOptions | undefined {
  if (url === undefined) return undefined;
  const onChange: ReplicaOptions['onChange'] = (answers, err) =>
    answers
      ? log.info('the database answers again: nothing is read of its replica any more')
      : log.warn({ err }, 'the database does not answer: its replica is read, and nothing can be changed');
  return { url, maxAgeMs, clock, onChange };
}

interface Watched {
  readonly database: OpenDatabase;
  readonly metrics: Metrics;
}

/** Of several regions one may have a replica, whichever has none. */
function watchReplica(
  { regions, log, timers: clock = systemClock, random = Math.random }: ServiceOptions,
  { database, metrics }: Watched,
  opened: AsyncDisposableStack,
): void {
  if (database.replica === undefined && regions === undefined) return;
  if (database.replica !== undefined) createReplicaMetrics(metrics, database.replica.age);
  const pulse = startPulse({ database, log, clock, random });
  opened.defer(() => pulse.stop());
}

function replicaLogInsOf(
  { log, prefix, unconfirmedRestMs: restMs }: ServiceOptions,
  parts: Pick<ReplicaLogInsOptions, 'database' | 'connections' | 'endings'>,
): ReplicaLogIns {
  return createReplicaLogIns({ ...parts, log, restMs, ...(prefix !== undefined && { prefix }) });
}

/** Ended last, so that the spans of what is ended before it are delivered, too. */
async function openTraces({ environment = {}, log }: ServiceOptions, metrics: Metrics, opened: AsyncDisposableStack) {
  const tracing = await openTracing('sekisho-auth', environment, { log, metrics });
  opened.defer(() => tracing.stop());
  opened.defer(traceRedis(tracing));
  return tracing;
}

/** @returns undefined where no cluster's tokens are believed */
function openCluster({ workloadKeys, clock, timers = systemClock, log }: ServiceOptions, opened: AsyncDisposableStack) {
  if (workloadKeys === undefined) return undefined;
  const { clusterKeys, close } = openClusterKeys(workloadKeys, timers, log);
  opened.defer(close);
  return createWorkloadProof({ clusterKeys, clock });
}

function keysOptions({ keys, timers = systemClock, random = Math.random, ...options }: ServiceOptions) {
  const { encryptionKeys, issuer, tokenLifetime, regions, log } = options;
  const longest = longestTokenSeconds(tokenLifetime);
  const region = regions && { ...regions.region, isFirst: regions.isFirst === true };
  return { settings: keys, region, encryptionKeys, issuer, longestTokenSeconds: longest, log, clock: timers, random };
}

/** Of all that this service signs. @param access seconds an access token lives */
function longestTokenSeconds(access: number): number {
  return Math.max(access, ID_TOKEN_SECONDS, ...Object.values(TOKEN_SECONDS));
}
