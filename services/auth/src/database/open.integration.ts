import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type RawBuilder, sql } from 'kysely';
import pg from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { startFreezableProxy } from '../testing/freezable-proxy.ts';
import { databaseKinds } from '../testing/real-service.ts';
import { MIGRATIONS } from './migrations.ts';
import { openDatabase, pingDatabase } from './open.ts';

const postgresUrl = inject('postgresUrl');

async function openThroughProxy() {
  const url = new URL(postgresUrl);
  const proxy = await startFreezableProxy({ host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  const { db, close } = await openDatabase({ url: url.href, onIdleError: () => undefined });
  onTestFinished(async () => {
    await close();
    await proxy.close();
  });
  return { db, proxy };
}

describe.runIf(postgresUrl !== '')('a connection to PostgreSQL', () => {
  test('that breaks under a query fails the query and not the process', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown) => void uncaught.push(error);
    process.on('uncaughtException', note);
    onTestFinished(() => void process.off('uncaughtException', note));
    const { db, proxy } = await openThroughProxy();
    const [failed] = await Promise.allSettled([
      sql`select pg_sleep(0.6)`.execute(db),
      new Promise((resolve) => setTimeout(resolve, 100)).then(proxy.kill),
    ]);
    expect(failed.status).toBe('rejected');
    await setImmediate();
    expect(uncaught).toEqual([]);
    await proxy.revive();
    await pingDatabase(db);
  });

  test('that did not answer in time is used no more: what it still has to do would swallow what comes after', async () => {
    const { db, proxy } = await openThroughProxy();
    const table = `t${randomBytes(6).toString('hex')}`;
    await sql`create table ${sql.table(table)} (n integer)`.execute(db);
    proxy.freeze();
    const insert = (n: number) => sql`insert into ${sql.table(table)} values (${n})`;
    await expect(db.transaction().execute((tx) => insert(1).execute(tx))).rejects.toThrow();
    proxy.thaw();
    await expect.poll(() => pingDatabase(db).then(() => 'answers', String), { timeout: 30_000 }).toBe('answers');
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
  const open = (url: string) => openDatabase({ url, onIdleError: () => undefined });

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
