import { mkdir } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, type LogEvent, PGliteDialect, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { certainPool } from './certain-pool.ts';
import { lockFolder } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import type { Database } from './schema.ts';

export interface OpenDatabase {
  readonly db: Kysely<Database>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** `postgres://...`, or `pglite:FOLDER` for an embedded one in this process. */
  readonly url: string;
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
  { timeoutMs = TIMEOUT_MS, onIdleError, log }: Omit<OpenOptions, 'url'>,
): Promise<OpenDatabase> {
  const patient = postgres(url, { size: 1, timeoutMs: MIGRATION_TIMEOUT_MS, connectMs: timeoutMs, onIdleError });
  try {
    await migrate(patient);
  } finally {
    await patient.destroy();
  }
  const db = postgres(url, { size: POOL_SIZE, timeoutMs, connectMs: timeoutMs, onIdleError, log });
  return { db, close: () => db.destroy() };
}

interface PoolOptions extends Pick<OpenOptions, 'onIdleError' | 'log'> {
  readonly size: number;
  readonly timeoutMs: number;
  readonly connectMs: number;
}

function postgres(url: string, { size, timeoutMs, connectMs, onIdleError, log }: PoolOptions): Kysely<Database> {
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
  const dialect = new PostgresDialect({ pool: certainPool(pool) });
  return new Kysely<Database>({ dialect, ...(log !== undefined && { log }) });
}

async function migrated(db: Kysely<Database>, close: () => Promise<void>): Promise<OpenDatabase> {
  try {
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { db, close };
}
