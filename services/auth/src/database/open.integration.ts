import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { startFreezableProxy } from '../testing/freezable-proxy.ts';
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
