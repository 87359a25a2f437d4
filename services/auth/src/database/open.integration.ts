import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { startLine } from '@sekisho/telemetry/testing';
import { type RawBuilder, sql } from 'kysely';
import pg from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { databaseKinds, openTestDatabase } from '../testing/real-service.ts';
import { MIGRATIONS } from './migrations.ts';
import { openDatabase, pingDatabase } from './open.ts';

const postgresUrl = inject('postgresUrl');

async function openThroughLine(timeoutMs: number) {
  const line = await startLine(postgresUrl);
  const { db, close } = await openDatabase({ url: line.url, timeoutMs, onIdleError: () => undefined });
  onTestFinished(async () => {
    await close();
    await line.close();
  });
  return { db, line };
}

/** Resolves when PostgreSQL is at work on a statement. @param name that it contains */
async function untilRuns(name: string): Promise<void> {
  const direct = new pg.Client(postgresUrl);
  await direct.connect();
  const running = `select 1 from pg_stat_activity where query like $1 and state = 'active' and pid <> pg_backend_pid()`;
  const isRunning = async () => (await direct.query(running, [`%${name}%`])).rowCount;
  await expect.poll(isRunning, { timeout: 60_000 }).toBe(1);
  await direct.end();
}

describe.runIf(postgresUrl !== '')('a connection to PostgreSQL', () => {
  test('that breaks under a query fails the query and not the process', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown) => void uncaught.push(error);
    process.on('uncaughtException', note);
    onTestFinished(() => void process.off('uncaughtException', note));
    const { db, line } = await openThroughLine(120_000);
    const name = `sleep ${randomBytes(6).toString('hex')}`;
    const [failed] = await Promise.allSettled([
      sql.raw(`select pg_sleep(60) /* ${name} */`).execute(db),
      untilRuns(name).then(line.cut),
    ]);
    expect(failed.status).toBe('rejected');
    await setImmediate();
    expect(uncaught).toEqual([]);
    await line.mend();
    await pingDatabase(db);
  });

  test('that did not answer in time is used no more: what it still has to do would swallow what comes after', async () => {
    // Longer than the machine stands still while nothing is wrong.
    const { db, line } = await openThroughLine(10_000);
    const table = `t${randomBytes(6).toString('hex')}`;
    await sql`create table ${sql.table(table)} (n integer)`.execute(db);
    line.freeze();
    const insert = (n: number) => sql`insert into ${sql.table(table)} values (${n})`;
    await expect(db.transaction().execute((tx) => insert(1).execute(tx))).rejects.toThrow();
    line.thaw();
    await expect.poll(() => pingDatabase(db).then(() => 'answers', String), { timeout: 60_000 }).toBe('answers');
    await insert(2).execute(db);
    const direct = new pg.Client(postgresUrl);
    await direct.connect();
    const { rows } = await direct.query(`select n from ${table}`);
    await direct.query(`drop table ${table}`);
    await direct.end();
    expect(rows).toEqual([{ n: 2 }]);
  });
});

describe.each(databaseKinds(postgresUrl))('$name that is not as this release wants it', ({ create }) => {
  const open = openTestDatabase;

  /** A database with its schema, changed. */
  async function changed(change: RawBuilder<unknown>) {
    const { url, remove } = await create();
    onTestFinished(remove);
    const { db, close } = await open(url);
    await change.execute(db);
    await close();
    return url;
  }

  test('is opened where a later release has migrated it: a rollback leaves that', async () => {
    const later = sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01')`;
    const { db, close } = await open(await changed(later));
    await expect(pingDatabase(db)).resolves.toBeUndefined();
    await close();
  });

  test('is unusable where its own migrations are missing, or fail', async () => {
    const code = 'database_unusable';
    const gone = await changed(sql`update kysely_migration set name = '0000-other' where name = '0001-accounts'`);
    await expect(open(gone)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('not those of this release'),
    });
    const rival = await changed(sql`delete from kysely_migration where name = ${Object.keys(MIGRATIONS).at(-1)}`);
    await expect(open(rival)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('a migration of the database fails'),
    });
  });
});

describe.runIf(postgresUrl !== '')('a PostgreSQL that lets nobody in', () => {
  test.each([
    ['another name', (url: URL) => Object.assign(url, { pathname: 'not-there' }), 'a database that does not exist'],
    ['another user', (url: URL) => Object.assign(url, { username: 'nobody', password: 'x' }), 'a user or a password'],
  ])('%s is unusable', async (_, change, message) => {
    const url = change(new URL(postgresUrl)).href;
    const opened = openDatabase({ url, onIdleError: () => undefined });
    await expect(opened).rejects.toMatchObject({
      code: 'database_unusable',
      message: expect.stringContaining(message),
    });
  });
});
