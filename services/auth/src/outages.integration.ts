import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Service } from './service.ts';
import { type FreezableProxy, startFreezableProxy } from './testing/freezable-proxy.ts';
import { ADMIN_LOGIN, databaseKinds, logIn, startService, untilReady } from './testing/real-service.ts';

/** Far above every timeout of the service, far below a test that hangs. */
const BOUND_MS = 10_000;

function proxied(url: string, port: number): string {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(port);
  return changed.href;
}

function targetOf(url: string) {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

async function expectUnavailable(service: Service, failing: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const started = performance.now();
    const response = await logIn(service, ADMIN_LOGIN);
    expect(response.json()).toMatchObject({ status: 503, code: 'unavailable' });
    expect(response.headers['retry-after']).toBe('1');
    expect(performance.now() - started).toBeLessThan(BOUND_MS);
  }
  const ready = await service.adminApp.inject({ url: '/readyz' });
  expect(ready.statusCode).toBe(503);
  expect(ready.json().failing).toContain(failing);
  expect((await service.adminApp.inject({ url: '/healthz' })).statusCode).toBe(200);
}

describe.each(['redis', 'database'] as const)('without its %s', (dependency) => {
  const postgresUrl = inject('postgresUrl');
  const skipped = dependency === 'database' && postgresUrl === ''; // PGlite lives in the process: it cannot be away
  let proxy: FreezableProxy;
  let service: Service;
  let remove = async () => {};

  beforeAll(async () => {
    if (skipped) return;
    const database = await databaseKinds(postgresUrl).at(-1)?.create();
    const urls = { redis: inject('redisUrl'), database: database?.url ?? '' };
    remove = database?.remove ?? remove;
    proxy = await startFreezableProxy(targetOf(urls[dependency]));
    urls[dependency] = proxied(urls[dependency], proxy.port);
    service = await startService({ redisUrl: urls.redis, databaseUrl: urls.database });
    await untilReady(service);
  });
  afterAll(async () => {
    if (skipped) return;
    await service.close();
    await proxy.close();
    await remove();
  });

  test.skipIf(skipped)('that hangs, a log-in fails closed in bounded time, and works again by itself', async () => {
    expect((await logIn(service, ADMIN_LOGIN)).statusCode).toBe(201);
    proxy.freeze();
    await expectUnavailable(service, dependency);
    proxy.thaw();
    await untilReady(service);
    expect((await logIn(service, ADMIN_LOGIN)).statusCode).toBe(201);
  });

  test.skipIf(skipped)('that is dead, a log-in fails closed at once, and works again by itself', async () => {
    await proxy.kill();
    await expectUnavailable(service, dependency);
    await proxy.revive();
    await untilReady(service);
    expect((await logIn(service, ADMIN_LOGIN)).statusCode).toBe(201);
  });
});
