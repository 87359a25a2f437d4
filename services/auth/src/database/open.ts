import { mkdir } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { type Clock, momentOf } from '@sekisho/kube';
import {
  Kysely,
  type LogEvent,
  PGliteDialect,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  sql,
} from 'kysely';
import pg from 'pg';
import { AuthError } from '../errors.ts';
import { certainPool } from './certain-pool.ts';
import { lockFolder } from './folder-lock.ts';
import { HEARTBEAT, type Heartbeat } from './heartbeat.ts';
import { isMigrated, migrate } from './migrate.ts';
import { PrimaryBreaker, type PrimaryBreakerOptions } from './primary-breaker.ts';
import { readingPool, withClient } from './reading-pool.ts';
import { type Look, ReplicaAge } from './replica-age.ts';
import type { Database } from './schema.ts';

export interface OpenDatabase {
  /** The primary. */
  readonly db: Kysely<Database>;
  /**
   * For single statements that read: the primary, and while that does not answer the replica, unless what that shows is too old: AuthError
   * `unavailable` then. Without a replica the same as `db`.
   */
  readonly reads: Kysely<Database>;
  /** The same whatever the replica shows, for who knows how old it may be. */
  readonly agedReads: Kysely<Database>;
  /** Undefined where there is none. */
  readonly replica: Replica | undefined;
  close(): Promise<void>;
}

export interface Replica {
  readonly db: Kysely<Database>;
  readonly age: ReplicaAge;
  /** Brings `age` up to date. Rejects when the replica does not answer. */
  look(): Promise<void>;
}

export interface ReplicaOptions extends Omit<PrimaryBreakerOptions, 'ping' | 'clock'> {
  readonly url: string;
  /** Milliseconds; what it shows that is older is not believed. @default 3_600_000 */
  readonly maxAgeMs?: number | undefined;
  readonly clock: Clock;
}

export interface OpenOptions {
  /** `postgres://...`, or `pglite:FOLDER` for an embedded one in this process. */
  readonly url: string;
  /** `postgres://...` of a replica, for PostgreSQL. @default none */
  readonly replica?: ReplicaOptions | undefined;
  /** Milliseconds that it has for an answer, and for a connection. @default 800 */
  readonly timeoutMs?: number | undefined;
  /** Told of an idle connection that broke; the pool replaces it. */
  readonly onIdleError: (error: Error) => void;
  /** Told of each query that ended, right where it was awaited. */
  readonly log?: ((event: LogEvent) => void) | undefined;
}

const TIMEOUT_MS = 800;
/** A replica waits for the lock while another one migrates. */
const MIGRATION_TIMEOUT_MS = 60_000;
const POOL_SIZE = 10;
const MAX_AGE_MS = 3_600_000;

/**
 * Opens the database with its schema up to date.
 * @throws AuthError `unavailable` where it may come yet, `database_unusable` where waiting does not mend it, `database_in_use` when
 * another process has the embedded one open
 */
export function openDatabase({ url, ...options }: OpenOptions): Promise<OpenDatabase> {
  return url.startsWith('pglite:') ? openEmbedded(url.slice('pglite:'.length), options) : openPostgres(url, options);
}

/** Resolves when a query gets an answer. */
export async function pingDatabase(db: Kysely<Database>): Promise<void> {
  await sql`select 1`.execute(db);
}

async function openEmbedded(folder: string, { log }: Pick<OpenOptions, 'log'>): Promise<OpenDatabase> {
  await mkdir(folder, { recursive: true });
  const unlock = lockFolder(folder);
  const db = new Kysely<Database>({
    dialect: new PGliteDialect({ pglite: new PGlite(folder) }),
    ...(log !== undefined && { log }),
  });
  const close = async () => {
    await db.destroy();
    unlock();
  };
  return migrated(db, close);
}

async function openPostgres(
  url: string,
  { timeoutMs = TIMEOUT_MS, onIdleError, replica, log }: Omit<OpenOptions, 'url'>,
): Promise<OpenDatabase> {
  const pool = (to: string) => openPool(to, { size: POOL_SIZE, timeoutMs, connectMs: timeoutMs, onIdleError });
  const opened = openSides(pool(url), replica && { ...replica, pool: pool(replica.url) }, log);
  try {
    await migratePostgres(url, { timeoutMs, onIdleError }).catch((error) =>
      unlessReplicated(error, opened.replica?.db),
    );
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function migratePostgres(
  url: string,
  { timeoutMs, onIdleError }: Pick<PoolOptions, 'timeoutMs' | 'onIdleError'>,
): Promise<void> {
  const options = { size: 1, timeoutMs: MIGRATION_TIMEOUT_MS, connectMs: timeoutMs, onIdleError };
  const patient = kyselyOn(openPool(url, options));
  try {
    await migrate(patient);
  } finally {
    await patient.destroy();
  }
}

/** A start does not wait for a primary that is away where a replica has all that it would make. */
async function unlessReplicated(error: unknown, replica: Kysely<Database> | undefined): Promise<void> {
  const isPrimaryAway = error instanceof AuthError && error.code === 'unavailable';
  if (!isPrimaryAway || replica === undefined || !(await isMigrated(replica).catch(() => false))) throw error;
}

function openSides(
  primary: PostgresPool,
  replica: (ReplicaOptions & { readonly pool: PostgresPool }) | undefined,
  log: OpenOptions['log'],
): OpenDatabase {
  const db = kyselyOn(primary, log);
  if (replica === undefined) return { db, reads: db, agedReads: db, replica, close: () => db.destroy() };
  const breaker = new PrimaryBreaker({ ...replica, ping: () => pingDatabase(db) });
  const opened = openReplica(replica, log);
  const pools = { primary, replica: replica.pool, breaker };
  const reads = kyselyOn(readingPool({ ...pools, believe: opened.believe }), log);
  const agedReads = kyselyOn(readingPool(pools), log);
  const close = async () => {
    await Promise.all([reads.destroy(), agedReads.destroy()]);
    await Promise.all([db.destroy(), opened.db.destroy()]);
  };
  return { db, reads, agedReads, replica: opened, close };
}

function openReplica(
  { pool, clock, maxAgeMs: maxMs = MAX_AGE_MS }: ReplicaOptions & { readonly pool: PostgresPool },
  log: OpenOptions['log'],
) {
  const age = new ReplicaAge({ clock, maxMs });
  const lookBy = async (client: PostgresPoolClient): Promise<Look> => {
    const at = momentOf(clock);
    const { rows } = await client.query<Heartbeat>(HEARTBEAT, []);
    return { at, shown: rows[0] };
  };
  return {
    db: kyselyOn(pool, log),
    age,
    look: () => withClient(pool, async (client) => age.shows(await lookBy(client))),
    believe: async (client: PostgresPoolClient) => age.believe(await lookBy(client)),
  };
}

interface PoolOptions extends Pick<OpenOptions, 'onIdleError'> {
  readonly size: number;
  readonly timeoutMs: number;
  readonly connectMs: number;
}

function openPool(url: string, { size, timeoutMs, connectMs, onIdleError }: PoolOptions): PostgresPool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: connectMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
    // A connection whose peer vanished without a reset is never noticed; this bounds how long it can be handed out.
    maxLifetimeSeconds: 120,
  });
  pool.on('error', onIdleError);
  // The pool hears idle connections only. One that breaks in use fails its query, and emits as well: unheard, that ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return certainPool(pool);
}

function kyselyOn(pool: PostgresPool, log?: OpenOptions['log']): Kysely<Database> {
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }), ...(log !== undefined && { log }) });
}

async function migrated(db: Kysely<Database>, close: () => Promise<void>): Promise<OpenDatabase> {
  try {
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { db, reads: db, agedReads: db, replica: undefined, close };
}
