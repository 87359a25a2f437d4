import { randomUUID } from 'node:crypto';
import { systemClock } from '@sekisho/kube';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { KEY_DEFAULTS } from '../keys/config.ts';
import { asAdmin } from '../oauth/testing/platform.ts';
import type { Service } from '../service.ts';
import { PostgresServer } from '../testing/postgres-server.ts';
import { ADMIN_LOGIN, logIn, startService, untilReady } from '../testing/real-service.ts';
import { openDatabase } from './open.ts';

const program = inject('privatePostgres');
const TIMEOUT_MS = 180_000;
const PATIENCE = { timeout: 60_000, interval: 200 };
/** Each look, and each process that stands still for a while, is in time. */
const keys = { ...KEY_DEFAULTS, pollMs: 10_000 };
/** Tests that are repeated until they hold are no attack here. */
const rate = { burst: 100_000, refillSeconds: 1 };
const rates = { network: rate, accountFromNetwork: rate, account: rate };

// A replica that follows its primary by streaming, as PostgreSQL does it.
describe.skipIf(program === undefined)('with a replica of the database', { timeout: TIMEOUT_MS }, () => {
  let database: PostgresServer;
  const running: Service[] = [];
  beforeEach(async () => {
    if (program !== undefined) database = await PostgresServer.start(program, { replicated: true });
  }, TIMEOUT_MS);
  afterEach(async () => {
    await database?.thaw();
    await Promise.all(running.splice(0).map((service) => service.close()));
    await database?.close();
  }, TIMEOUT_MS);

  async function start(): Promise<Service> {
    const urls = { redisUrl: inject('redisUrl'), databaseUrl: database.url, databaseReadUrl: database.replicaUrl };
    const service = await startService({ ...urls, keys, rates, prefix: `test-${randomUUID()}`, storeTimeoutMs: 3_000 });
    running.push(service);
    await untilReady(service);
    return service;
  }

  /** What was written when this was asked is in the replica. */
  async function untilCaughtUp(): Promise<void> {
    const onChange = () => undefined;
    const replica = { url: database.replicaUrl, clock: systemClock, onChange };
    const sides = await openDatabase({ url: database.url, replica, onIdleError: onChange });
    onTestFinished(sides.close);
    const { rows } = await sql<{ lsn: string }>`select pg_current_wal_flush_lsn()::text as lsn`.execute(sides.db);
    const behind = async () => {
      if (sides.replica === undefined) throw new Error('no replica');
      const told = await sql<{ there: boolean }>`
        select pg_last_wal_replay_lsn() >= ${rows[0]?.lsn}::pg_lsn as there`.execute(sides.replica);
      return told.rows[0]?.there;
    };
    await expect.poll(behind, PATIENCE).toBe(true);
    await sides.close();
  }

  const refresh = ({ publicApp }: Service, refresh_token: string) =>
    publicApp.inject({ method: 'POST', url: '/v1/sessions/refresh', payload: { refresh_token } });
  const status = async (app: Service['publicApp'], url: string) => (await app.inject({ url })).statusCode;
  const addUser = (service: Service) =>
    asAdmin(service, 'POST', '/v1/users', { email: `${randomUUID()}@example.org`, password: randomUUID() });

  /** What takes too long for want of a processor is asked again. */
  const serves = (service: Service) => vi.waitFor(() => servesNow(service), PATIENCE);
  const changesNothing = (service: Service) => vi.waitFor(() => changesNothingNow(service), PATIENCE);

  async function servesNow(service: Service): Promise<void> {
    const first = await logIn(service, ADMIN_LOGIN);
    expect(first.statusCode).toBe(201);
    expect((await refresh(service, first.json().refresh_token)).statusCode).toBe(200);
    expect(await status(service.publicApp, '/.well-known/jwks.json')).toBe(200);
    expect(await status(service.adminApp, '/readyz')).toBe(200);
    expect((await asAdmin(service, 'GET', '/v1/users')).statusCode).toBe(200);
    expect((await asAdmin(service, 'GET', '/v1/keys')).statusCode).toBe(200);
  }

  async function changesNothingNow(service: Service): Promise<void> {
    for (const response of [await addUser(service), await asAdmin(service, 'POST', '/v1/keys/rotate', {})]) {
      expect(response.json()).toMatchObject({ status: 503, code: 'unavailable' });
      expect(response.headers['retry-after']).toBe('1');
    }
  }

  const changesAgain = (service: Service) =>
    expect.poll(async () => (await addUser(service)).statusCode, PATIENCE).toBe(201);

  test.each(['kill', 'freeze'] as const)(
    'whose primary is gone (%s) log-ins and refreshes go on, and changes are refused',
    async (how) => {
      const service = await start();
      await serves(service);
      await untilCaughtUp();
      await database[how]();
      await serves(service);
      await changesNothing(service);
      await serves(service);
      await database[how === 'kill' ? 'start' : 'thaw']();
      await changesAgain(service);
      await serves(service);
    },
  );

  test('a process starts by it while the primary is gone, and changes things when that is back', async () => {
    await (await start()).close();
    running.length = 0;
    await untilCaughtUp();
    await database.kill();
    const service = await start();
    await serves(service);
    await changesNothing(service);
    await database.start();
    await changesAgain(service);
  });
});
