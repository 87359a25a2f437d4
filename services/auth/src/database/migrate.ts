import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { AuthError } from '../errors.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Database } from './schema.ts';
import { whyUnusable } from './unusable.ts';

/**
 * Brings the schema up to date. Safe with several replicas at once: kysely takes an advisory lock of PostgreSQL. What a later release
 * added stays, and is no obstacle: a rollback of the release does not undo migrations.
 * @throws AuthError `unavailable` where it may come yet, `database_unusable` where waiting does not mend it
 */
export async function migrate(db: Kysely<Database>): Promise<void> {
  try {
    const migrations = { ...MIGRATIONS, ...(await laterMigrations(db)) };
    const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
    if (error !== undefined) throw error;
  } catch (cause) {
    const reason = whyUnusable(cause);
    if (reason !== undefined) throw new AuthError('database_unusable', reason, { cause });
    throw new AuthError('unavailable', 'the database could not be migrated', { cause });
  }
}

/** Whether the schema is that of this release, or of a later one. */
export async function isMigrated(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  const made = new Set(rows.map(({ name }) => name));
  return Object.keys(MIGRATIONS).every((name) => made.has(name));
}

const LAST = Object.keys(MIGRATIONS).toSorted().at(-1) ?? '';
const DONE: Migration = { up: async () => undefined };

/** Those that are in the database, and that only a later release knows. They sort after all of this one. */
async function laterMigrations(db: Kysely<Database>): Promise<Readonly<Record<string, Migration>>> {
  const tables = await sql<{ found: boolean }>`select to_regclass('kysely_migration') is not null as found`.execute(db);
  if (tables.rows[0]?.found !== true) return {};
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return Object.fromEntries(rows.filter(({ name }) => name > LAST).map(({ name }) => [name, DONE]));
}
