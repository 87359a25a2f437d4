import { afterEach, describe, expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { type OpsServer, startOpsServer } from './ops-server.ts';
import { type Checks, createReadiness } from './readiness.ts';

const log = createLogger({ name: 'test', level: 'silent' });
let server: OpsServer | undefined;

async function start(checks: Checks = {}): Promise<string> {
  const metrics = createMetrics({ processMetrics: false });
  metrics.counter({ name: 'c_total', help: 'h' }).inc();
  server = await startOpsServer({ listen: { host: '127.0.0.1', port: 0 }, metrics, log, checks, checkTimeoutMs: 50 });
  return `http://127.0.0.1:${server.address.port}`;
}

afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('the ops server', () => {
  test('is alive and ready when every check resolves', async () => {
    const base = await start({ database: async () => undefined });
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    const ready = await fetch(`${base}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ready', failing: [] });
  });

  test('answers 503 naming the checks that fail or do not answer, and not why', async () => {
    const base = await start({
      database: async () => undefined,
      redis: () => new Promise(() => undefined),
      keys: () => Promise.reject(new Error('hunter2')),
    });
    const ready = await fetch(`${base}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ status: 'unavailable', failing: ['redis', 'keys'] });
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  test('tells the log once that a check fails, and once that it works again', async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    let works = false;
    const checks = { redis: () => (works ? Promise.resolve() : Promise.reject(new Error('down'))) };
    const probe = createReadiness({ checks, log: createLogger({ name: 'test', level: 'info', destination }) });
    await probe();
    await probe();
    works = true;
    await probe();
    await probe();
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(['readiness check failed', 'readiness check works again']);
  });

  test('serves the metrics in the Prometheus format', async () => {
    const base = await start();
    const response = await fetch(`${base}/metrics?x=1`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await response.text()).toContain('c_total 1');
  });

  test('answers 404 elsewhere, 405 to other methods, and HEAD without a body', async () => {
    const base = await start();
    expect((await fetch(`${base}/debug`)).status).toBe(404);
    const posted = await fetch(`${base}/healthz`, { method: 'POST' });
    expect(posted.status).toBe(405);
    expect(posted.headers.get('allow')).toBe('GET, HEAD');
    expect(await (await fetch(`${base}/metrics`, { method: 'HEAD' })).text()).toBe('');
  });

  test('rejects when the port is taken', async () => {
    await start();
    const listen = { host: '127.0.0.1', port: server?.address.port ?? 0 };
    const second = startOpsServer({ listen, metrics: createMetrics({ processMetrics: false }), log });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
