import { randomUUID } from 'node:crypto';
import { systemClock } from '@sekisho/kube';
import { connectRedis, type RedisConnection } from '@sekisho/sessions/redis';
import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { KEY_DEFAULTS } from '../keys/config.ts';
import { createUnconfirmedLogIns } from '../login/unconfirmed-log-ins.ts';
import { asAdmin } from '../oauth/testing/platform.ts';
import type { Service, ServiceOptions } from '../service.ts';
import { PostgresServer } from '../testing/postgres-server.ts';
import { ADMIN_LOGIN, logIn, startService, untilReady } from '../testing/real-service.ts';
import { openDatabase } from './open.ts';

const program = inject('privatePostgres');
const TIMEOUT_MS = 600_000;
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

  async function start(options: Partial<ServiceOptions> = {}): Promise<Service> {
    const urls = { redisUrl: inject('redisUrl'), databaseUrl: database.url, databaseReadUrl: database.replicaUrl };
    const own = { keys, rates, prefix: `test-${randomUUID()}`, storeTimeoutMs: 3_000 };
    const service = await startService({ ...urls, ...own, ...options });
    running.push(service);
    await untilReady(service);
    return service;
  }

  /** What was written when this was asked is in the replica. */
  async function untilCaughtUp(): Promise<void> {
    const onChange = () => undefined;
    const replica = { url: database.replicaUrl, clock: systemClock, onChange };
    const sides = await openDatabase({ url: database.url, replica, timeoutMs: 60_000, onIdleError: onChange });
    onTestFinished(sides.close);
    const { rows } = await sql<{ lsn: string }>`select pg_current_wal_flush_lsn()::text as lsn`.execute(sides.db);
    const behind = async () => {
      if (sides.replica === undefined) throw new Error('no replica');
      const told = await sql<{ there: boolean }>`
        select pg_last_wal_replay_lsn() >= ${rows[0]?.lsn}::pg_lsn as there`.execute(sides.replica.db);
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
    expect((await asAdmin(service, 'GET', '/v1/audit')).statusCode).toBe(200);
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

  /** What it receives from then on it does not show. */
  async function stopReplaying(): Promise<void> {
    const client = new pg.Client(database.replicaUrl);
    await client.connect();
    await client.query('select pg_wal_replay_pause()');
    const state = async () => (await client.query('select pg_get_wal_replay_pause_state() as state')).rows[0].state;
    await expect.poll(state, PATIENCE).toBe('paused');
    await client.end();
  }

  async function refusesLogIns(service: Service): Promise<void> {
    const refusal = async () => {
      const response = await logIn(service, ADMIN_LOGIN);
      return [response.statusCode, response.headers['retry-after'], response.json().detail];
    };
    const detail = 'the database does not answer, and what its replica shows is too old to go by';
    await expect.poll(refusal, PATIENCE).toEqual([503, '1', detail]);
  }

  test('nobody logs in by what is too old, and the service says so while it goes on otherwise', async () => {
    const service = await start({ databaseReplicaMaxAgeMs: 1_000 });
    await serves(service);
    const { access_token } = await loggedIn(service, { login: ADMIN_LOGIN });
    await untilCaughtUp();
    await database.kill();
    await refusesLogIns(service);
    await expect.poll(() => status(service.adminApp, '/readyz'), PATIENCE).toBe(200);
    await expect.poll(() => status(service.publicApp, '/.well-known/jwks.json'), PATIENCE).toBe(200);
    const headers = { authorization: `Bearer ${access_token}` };
    const logOut = { method: 'DELETE', url: '/v1/sessions/current', headers } as const;
    await expect.poll(async () => (await service.publicApp.inject(logOut)).statusCode, PATIENCE).toBe(204);
    const late = await start({ databaseReplicaMaxAgeMs: 1_000 });
    await refusesLogIns(late);
    await database.start();
    await serves(service);
    await serves(late);
  });

  interface User {
    readonly id: string;
    readonly login: { readonly email: string; readonly password: string };
  }

  const newUser = (service: Service) => vi.waitFor(() => newUserNow(service), PATIENCE);

  async function newUserNow(service: Service): Promise<User> {
    const login = { email: `${randomUUID()}@example.org`, password: randomUUID() };
    const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
    const created = await asAdmin(service, 'POST', '/v1/users', { ...login, grants });
    expect(created.statusCode).toBe(201);
    return { id: created.json().id, login };
  }

  const loggedIn = (service: Service, { login }: Pick<User, 'login'>) =>
    vi.waitFor(async () => {
      const response = await logIn(service, login);
      expect(response.statusCode).toBe(201);
      return response.json();
    }, PATIENCE);

  async function connected(): Promise<RedisConnection> {
    const ready = Promise.withResolvers<void>();
    const redis = connectRedis({
      url: inject('redisUrl'),
      commandTimeoutMs: 30_000,
      onState: (state) => state === 'ready' && ready.resolve(),
    });
    onTestFinished(() => redis.disconnect());
    await ready.promise;
    return redis;
  }

  const endings = {
    password: (service: Service, { id }: User) =>
      asAdmin(service, 'PUT', `/v1/users/${id}/password`, { password: randomUUID() }),
    account: (service: Service, { id }: User) => asAdmin(service, 'DELETE', `/v1/users/${id}`),
  };

  test.each(['password', 'account'] as const)(
    'a log-in by a replica that missed the end of a %s is over when the primary is back, and no other is',
    async (what) => {
      const prefix = `test-${randomUUID()}`;
      const service = await start({ prefix, unconfirmedRestMs: 0 });
      await serves(service);
      const [changed, same] = [await newUser(service), await newUser(service)];
      await untilCaughtUp();
      await stopReplaying();
      // Without an answer in time it may have been done, and then there is no such account.
      const ended = async () => [200, 202, 204, 404].includes((await endings[what](service, changed)).statusCode);
      await expect.poll(ended, PATIENCE).toBe(true);
      await database.kill();
      const [old, kept] = [await loggedIn(service, changed), await loggedIn(service, same)];
      const goesOn = await vi.waitFor(async () => {
        const response = await refresh(service, old.refresh_token);
        expect(response.statusCode).toBe(200);
        return response.json();
      }, PATIENCE);
      await database.start();
      const sessions = async ({ access_token }: { access_token: string }) => {
        const headers = { authorization: `Bearer ${access_token}` };
        return (await service.publicApp.inject({ url: '/v1/sessions', headers })).statusCode;
      };
      await expect.poll(() => sessions(goesOn), PATIENCE).toBe(401);
      await vi.waitFor(async () => {
        expect((await refresh(service, goesOn.refresh_token)).json()).toMatchObject({ code: 'session_expired' });
        expect((await logIn(service, changed.login)).statusCode).toBe(401);
      }, PATIENCE);
      const unconfirmed = createUnconfirmedLogIns({ redis: await connected(), prefix, restMs: 0 });
      await expect.poll(async () => (await unconfirmed.due(10)).length, PATIENCE).toBe(0);
      await expect.poll(() => sessions(kept), PATIENCE).toBe(200);
      await vi.waitFor(async () => expect((await refresh(service, kept.refresh_token)).statusCode).toBe(200), PATIENCE);
    },
  );
});
