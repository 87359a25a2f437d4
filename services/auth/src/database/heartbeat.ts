import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from './schema.ts';

/** One row that is written at the primary every few seconds: what a replica shows is at least as new as that row there. */
export const databaseHeartbeat: Migration = {
  async up(db) {
    await sql`
      create table database_heartbeat (
        id boolean primary key default true check (id),
        at timestamptz not null default now()
      )`.execute(db);
    await sql`insert into database_heartbeat default values`.execute(db);
  },
};

/** Whoever comes first writes; the others find that it was done. */
export const BEAT_MS = 5_000;

/**
 * Writes the row at the primary, unless somebody did within `BEAT_MS`. A clock that was set back holds nobody up.
 * @returns milliseconds by the primary's clock, taken after this was asked
 */
export async function beat(primary: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ now: number }>`
    with beat as (
      update database_heartbeat set at = now()
      where at not between now() - make_interval(secs => ${BEAT_MS / 1000}) and now()
      returning at)
    select extract(epoch from now())::float8 * 1000 as now`.execute(primary);
  return rows[0]?.now ?? Number.NaN;
}

/** What a replica shows of it. */
export interface Heartbeat {
  /** Milliseconds by the primary's clock: all that was committed before is there. */
  readonly writtenAt: number;
  /** Milliseconds by the replica's clock, when it was asked. */
  readonly readAt: number;
}

export const HEARTBEAT = `
  select extract(epoch from at)::float8 * 1000 as "writtenAt", extract(epoch from now())::float8 * 1000 as "readAt"
  from database_heartbeat`;
