import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startValkey, type Valkey } from '@sekisho/sessions/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { PostgresServer } from '../testing/postgres-server.ts';
import { type Kind, keepAliveLoad } from './testing/keep-alive-load.ts';
import { ServiceProcess } from './testing/process.ts';

const PATIENCE = { timeout: 120_000, interval: 20 };
const TIMEOUT_MS = 900_000;
const ADMIN = { email: 'admin@example.org', password: 'correct horse battery' };
const program = inject('privatePostgres');

const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const logIn: Kind = {
  path: '/v1/sessions',
  method: 'POST',
  headers: json,
  body: JSON.stringify({ ...ADMIN, services: ['auth'] }),
};
const token: Kind = {
  path: '/oauth/token',
  method: 'POST',
  headers: form,
  body: 'grant_type=client_credentials&client_id=nobody&client_secret=x',
};
const keys: Kind = { path: '/.well-known/jwks.json', method: 'GET' };
const discovery: Kind = { path: '/.well-known/openid-configuration', method: 'GET' };
const KINDS = [logIn, logIn, token, token, token, keys, keys, discovery];

describe.skipIf(program === undefined)('a process that is told to stop', { timeout: TIMEOUT_MS }, () => {
  let folder: string;
  let redis: Valkey;
  let database: PostgresServer;
  const started: ServiceProcess[] = [];

  beforeAll(async () => {
    if (program === undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'auth-shutdown-'));
    await writeFile(join(folder, 'key'), randomBytes(32).toString('base64'));
    await writeFile(join(folder, 'password'), ADMIN.password);
    [redis, database] = await Promise.all([startValkey(inject('valkey')), PostgresServer.start(program)]);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all(started.map((one) => one.end()));
    await Promise.all([redis?.remove(), database?.close()]);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }, TIMEOUT_MS);

  async function start() {
    const service = new ServiceProcess({
      AUTH_LISTEN: '127.0.0.1:0',
      AUTH_ADMIN_LISTEN: '127.0.0.1:0',
      AUTH_ISSUER: 'https://auth.test',
      REDIS_URL: redis.url,
      DATABASE_URL: database.url,
      KEY_ENCRYPTION_KEY_FILE: join(folder, 'key'),
      BOOTSTRAP_ADMIN_EMAIL: ADMIN.email,
      BOOTSTRAP_ADMIN_PASSWORD_FILE: join(folder, 'password'),
    });
    started.push(service);
    await expect.poll(() => service.origin !== undefined && service.said('revocations followed'), PATIENCE).toBe(true);
    return { service, load: keepAliveLoad(service.origin ?? '', KINDS) };
  }

  const answered = ({ lines }: ServiceProcess) => lines.filter(({ msg }) => msg === 'request answered');

  /** Each kind of request was answered often enough for its connection to be one that is kept. */
  const isWarm = ({ sent }: ReturnType<typeof keepAliveLoad>) =>
    KINDS.every(({ path }) => sent.filter((one) => one.path === path && one.status !== undefined).length >= 5);

  test('loses no request that it took, ends connections with an answer, and exits with 0', async () => {
    const { service, load } = await start();
    await expect.poll(() => isWarm(load), PATIENCE).toBe(true);
    service.stop();
    expect(await service.exited).toEqual([0, null]);
    await load.refused();
    const told = new Set(load.sent.filter(({ status }) => status !== undefined).map(({ id }) => id));
    const lost = answered(service).filter(({ reqId }) => !told.has(String(reqId)));
    expect(lost).toEqual([]);
    expect(load.sent.filter(({ status = 0 }) => status >= 500 && status !== 503)).toEqual([]);
    expect(answered(service).map(({ route }) => route)).toEqual(expect.arrayContaining(KINDS.map(({ path }) => path)));
    expect(service.lines.filter(({ msg }) => String(msg).startsWith('connections were cut'))).toEqual([]);
    expect(service.said('stopped')).toBe(true);
  });

  test.each([
    ['Redis', () => redis],
    ['PostgreSQL', () => database],
  ] as const)('ends within its grace also while %s stands still', async (_, store) => {
    const { service, load } = await start();
    await expect.poll(() => isWarm(load), PATIENCE).toBe(true);
    await store().freeze();
    try {
      await expect.poll(() => load.sent.some(({ status }) => status === 503), PATIENCE).toBe(true);
      service.stop();
      expect(await service.exited).toEqual([0, null]);
      expect(service.said('closing failed')).toBe(false);
    } finally {
      await store().thaw();
    }
    await load.refused();
  });
});
