import { randomUUID } from 'node:crypto';
import { startLine } from '@sekisho/telemetry/testing';
import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import type { Service, ServiceOptions } from '../service.ts';
import { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from '../testing/real-service.ts';

const PATIENCE = { timeout: 60_000, interval: 100 };
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** The service with a line to its Redis and one to its database, and an administrator. */
async function setUp(options: Partial<ServiceOptions> = {}) {
  const database = await databaseKinds(inject('postgresUrl')).at(-1)?.create();
  const redis = await startLine(inject('redisUrl'));
  const isEmbedded = database?.url.startsWith('pglite:') ?? true;
  const postgres = isEmbedded ? undefined : await startLine(database?.url ?? '');
  cleanUps.push(async () => {
    await redis.close();
    await postgres?.close();
    await database?.remove();
  });
  const urls = {
    redisUrl: redis.url,
    databaseUrl: postgres?.url ?? database?.url ?? '',
    prefix: `test-${randomUUID()}`,
  };
  const start = async () => {
    const started = await startService({ ...urls, ...options });
    cleanUps.push(started.close);
    return started;
  };
  const service = await start();
  await untilReady(service);
  const token = (await logIn(service, ADMIN_LOGIN)).json().access_token;
  const call = (options: InjectOptions, at: Service = service) =>
    at.adminApp.inject({ ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } });
  return { service, start, call, redis, postgres };
}

type SetUp = Awaited<ReturnType<typeof setUp>>;

async function createUser({ call }: SetUp, name: string): Promise<{ id: string; email: string }> {
  const email = `${name}@example.org`;
  const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
  const created = await call({
    method: 'POST',
    url: '/v1/users',
    payload: { email, password: 'correct horse', grants },
  });
  expect(created.statusCode).toBe(201);
  return { id: created.json().id, email };
}

const patch = (id: string, version: number, payload: object): InjectOptions => ({
  method: 'PATCH',
  url: `/v1/users/${id}`,
  headers: { 'if-match': `"${version}"` },
  payload,
});

describe('a deactivation while Redis is away', () => {
  async function deactivatedWithoutRedis() {
    const fixture = await setUp();
    const { id, email } = await createUser(fixture, 'alice');
    expect((await logIn(fixture.service, { email, password: 'correct horse' })).statusCode).toBe(201);
    await fixture.redis.cut();
    const response = await fixture.call(patch(id, 1, { active: false }));
    expect(response.statusCode).toBe(202);
    expect(response.json()).toMatchObject({ active: false });
    const sessionsOf = async (service?: Service) => {
      const answer = await fixture.call({ url: `/v1/users/${id}/sessions` }, service);
      return answer.statusCode === 200 ? answer.json().sessions.length : answer.statusCode;
    };
    return { ...fixture, id, sessionsOf };
  }

  test('is stored, and ends the sessions as soon as Redis is back', async () => {
    const { redis, sessionsOf } = await deactivatedWithoutRedis();
    await redis.mend();
    await expect.poll(() => sessionsOf(), PATIENCE).toBe(0);
  });

  test('is not done when it is repeated before', async () => {
    const { call, id, redis } = await deactivatedWithoutRedis();
    const again = () => call(patch(id, 2, { active: false }));
    expect((await again()).statusCode).toBe(202);
    await redis.mend();
    await expect.poll(async () => (await again()).statusCode, PATIENCE).toBe(200);
    const { sessions } = (await call({ url: `/v1/users/${id}/sessions` })).json();
    expect(sessions).toEqual([]);
  });

  test('is not forgotten by a service that stops before', async () => {
    const { service, start, redis, sessionsOf } = await deactivatedWithoutRedis();
    await service.close();
    await redis.mend();
    const next = await start();
    await untilReady(next);
    await expect.poll(() => sessionsOf(next), PATIENCE).toBe(0);
  });
});

describe.runIf(inject('postgresUrl') !== '')('PostgreSQL that fails under writes', () => {
  test.each(['freeze', 'cut'] as const)('(%s) leaves nothing half done, and is used again by itself', async (how) => {
    // Longer than the machine stands still while nothing is wrong.
    const fixture = await setUp({ storeTimeoutMs: 10_000 });
    const { service, call, postgres } = fixture;
    const users: string[] = [];
    for (let index = 0; index < 8; index += 1) users.push((await createUser(fixture, `u${index}`)).id);
    const writes = users.map((id, index) => call(patch(id, 1, { roles: [`r${index}`] })));
    // One is answered, so the others are on their way.
    await Promise.race(writes);
    await (how === 'freeze' ? postgres?.freeze() : postgres?.cut());
    const late = call(patch(users[0] ?? '', 2, { roles: ['late'] }));
    const statuses = (await Promise.all(writes)).map(({ statusCode }) => statusCode);
    expect((await late).json()).toMatchObject({ status: 503, code: 'unavailable' });
    for (const status of statuses) expect([200, 503]).toContain(status);

    await (how === 'freeze' ? postgres?.thaw() : postgres?.mend());
    await untilReady(service);
    for (const [index, id] of users.entries()) {
      // What stood still on its way may arrive between one look and the next.
      await vi.waitFor(async () => {
        const user = (await call({ url: `/v1/users/${id}` })).json();
        const { items } = (await call({ url: `/v1/audit?target=user:${id}` })).json();
        expect(items).toHaveLength(user.version);
        expect(user.version > 1).toBe(user.roles.length > 0);
        if (statuses[index] === 200) expect(user.version).toBeGreaterThan(1);
      }, PATIENCE);
      await vi.waitFor(async () => {
        const { version } = (await call({ url: `/v1/users/${id}` })).json();
        expect((await call(patch(id, version, { roles: ['after'] }))).json()).toMatchObject({ roles: ['after'] });
      }, PATIENCE);
    }
  });
});
