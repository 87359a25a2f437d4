import { type Line, startLine } from '@sekisho/telemetry/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Service } from './service.ts';
import { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from './testing/real-service.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
/** Far above a stand-still of the machine, far below a test that hangs. */
const STORE_TIMEOUT_MS = 3_000;

async function expectUnavailable(service: Service, failing: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const response = await logIn(service, ADMIN_LOGIN);
    expect(response.json()).toMatchObject({ status: 503, code: 'unavailable' });
    expect(response.headers['retry-after']).toBe('1');
  }
  const ready = await service.adminApp.inject({ url: '/readyz' });
  expect(ready.statusCode).toBe(503);
  expect(ready.json().failing).toContain(failing);
  expect((await service.adminApp.inject({ url: '/healthz' })).statusCode).toBe(200);
}

describe.each(['redis', 'database'] as const)('without its %s', (dependency) => {
  const postgresUrl = inject('postgresUrl');
  const skipped = dependency === 'database' && postgresUrl === ''; // PGlite lives in the process: it cannot be away
  let line: Line;
  let service: Service;
  let remove = async () => {};

  beforeAll(async () => {
    if (skipped) return;
    const database = await databaseKinds(postgresUrl).at(-1)?.create();
    const urls = { redis: inject('redisUrl'), database: database?.url ?? '' };
    remove = database?.remove ?? remove;
    line = await startLine(urls[dependency]);
    urls[dependency] = line.url;
    service = await startService({
      redisUrl: urls.redis,
      databaseUrl: urls.database,
      storeTimeoutMs: STORE_TIMEOUT_MS,
    });
    await untilReady(service);
  });
  afterAll(async () => {
    if (skipped) return;
    await service.close();
    await line.close();
    await remove();
  });

  const logsIn = () => expect.poll(async () => (await logIn(service, ADMIN_LOGIN)).statusCode, PATIENCE).toBe(201);

  test.skipIf(skipped)('that hangs, a log-in fails closed in bounded time, and works again by itself', async () => {
    await logsIn();
    line.freeze();
    await expectUnavailable(service, dependency);
    line.thaw();
    await untilReady(service);
    await logsIn();
  });

  test.skipIf(skipped)('that is dead, a log-in fails closed at once, and works again by itself', async () => {
    await line.cut();
    await expectUnavailable(service, dependency);
    await line.mend();
    await untilReady(service);
    await logsIn();
  });
});
