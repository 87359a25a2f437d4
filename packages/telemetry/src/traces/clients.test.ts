import { tracingChannel } from 'node:diagnostics_channel';
import { expect, test } from 'vitest';
import { keptTracing, SAMPLED } from '../testing/kept-tracing.ts';
import { traceRedis } from './redis-commands.ts';
import { tracedFetch } from './traced-fetch.ts';
import { NO_TRACING } from './tracing.ts';

test('a traced request carries its own span in the place of what it came with, and tells no path', async () => {
  const { tracing, spans } = keptTracing();
  const sent: Headers[] = [];
  const fetch = tracedFetch(tracing, 'auth', async (_: string, init: { headers?: Record<string, string> }) => {
    sent.push(new Headers(init.headers));
    return { status: 503 };
  });
  const outer = tracing.serve({ name: 'GET /', traceparent: SAMPLED });
  await outer?.run(() => fetch('http://auth:8080/users/hunter2?code=hunter2', { headers: { Traceparent: SAMPLED } }));
  const [span] = spans;
  expect(sent[0]?.get('traceparent')).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
  expect(span).toMatchObject({
    name: 'GET',
    failed: true,
    attributes: {
      'server.address': 'auth',
      'server.port': 8080,
      'http.response.status_code': 503,
      'error.type': '503',
    },
  });
  expect(JSON.stringify(span)).not.toContain('hunter2');
});

test('a request outside of any recorded trace goes as it is', async () => {
  const { tracing, spans } = keptTracing();
  const init = { headers: { accept: 'text/plain' } };
  const given: unknown[] = [];
  const fetch = tracedFetch(tracing, 'auth', async (_: string, sent: typeof init) => {
    given.push(sent);
    return { status: 200 };
  });
  await fetch('http://auth/', init);
  expect(given[0]).toBe(init);
  expect(spans).toEqual([]);
});

test('without tracing nothing is wrapped', () => {
  const fetch = async (_: string, __: object) => ({ status: 200 });
  expect(tracedFetch(NO_TRACING, 'auth', fetch)).toBe(fetch);
});

test('a command to Redis is a span with its name, without its arguments', async () => {
  const { tracing, spans } = keptTracing();
  const end = traceRedis(tracing, 'test:command');
  const run = (fail: boolean) =>
    tracingChannel('test:command').tracePromise(
      async () => {
        if (fail) throw new Error('READONLY hunter2');
      },
      { command: 'evalsha', args: ['hunter2'] },
    );
  const outer = tracing.serve({ name: 'GET /', traceparent: SAMPLED });
  await outer?.run(() => run(false));
  await outer?.run(() => run(true)).catch(() => undefined);
  await run(false);
  end();
  await outer?.run(() => run(false));
  expect(spans).toMatchObject([
    { name: 'EVALSHA', failed: false, attributes: { 'db.system.name': 'redis' } },
    { name: 'EVALSHA', failed: true, attributes: { 'error.type': 'Error' } },
  ]);
  expect(JSON.stringify(spans)).not.toContain('hunter2');
});
