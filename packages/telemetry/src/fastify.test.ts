import { setImmediate } from 'node:timers/promises';
import Fastify from 'fastify';
import { expect, onTestFinished, test, vi } from 'vitest';
import { traceRequests } from './fastify.ts';
import { keptTracing, SAMPLED, UNSAMPLED } from './testing/kept-tracing.ts';

function server() {
  const { tracing, spans } = keptTracing();
  const app = Fastify();
  traceRequests(app, tracing);
  app.get('/users/:id', async () => {
    await setImmediate();
    tracing.child({ name: 'part' })?.end();
    return {};
  });
  app.get('/broken', async () => {
    throw new Error('hunter2');
  });
  app.get('/taken', (_, reply) => {
    reply.hijack();
    reply.raw.writeHead(202).end();
  });
  app.get('/healthz', () => ({}));
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  app.get('/slow', () => {
    reach();
    return new Promise(() => undefined);
  });
  onTestFinished(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  const listen = async () => ({ url: await app.listen({ host: '127.0.0.1', port: 0 }), reached });
  const get = (url: string, traceparent = SAMPLED) => app.inject({ url, headers: { traceparent } });
  /** Told when the connection knows of the end, which may be after the answer. */
  const told = (name: string) =>
    vi.waitFor(
      () => {
        const span = spans.find((one) => one.name === name);
        if (span === undefined) throw new Error(`no span ${name}`);
        return span;
      },
      { timeout: 30_000 },
    );
  return { get, told, spans, listen };
}

test('a request is a span by its route, and what its handler does is a part of it', async () => {
  const { get, told } = server();
  await get('/users/hunter2?code=hunter2');
  const span = await told('GET /users/:id');
  expect(span.attributes).toMatchObject({ 'http.route': '/users/:id', 'http.response.status_code': 200 });
  expect((await told('part')).parentSpanId).toBe(span.spanId);
  expect(JSON.stringify(span)).not.toContain('hunter2');
});

test('what fails here is an error, what the client did wrong is none', async () => {
  const { get, told } = server();
  await get('/broken');
  expect(await told('GET /broken')).toMatchObject({ failed: true, attributes: { 'error.type': '500' } });
  await get('/nowhere');
  expect(await told('GET')).toMatchObject({ failed: false, attributes: { 'http.response.status_code': 404 } });
});

test('a request that something else answers ends its span, too', async () => {
  const { get, told } = server();
  await get('/taken');
  expect((await told('GET /taken')).attributes['http.response.status_code']).toBe(202);
});

test('neither probes nor requests of traces that are not recorded have a span', async () => {
  const { get, told, spans } = server();
  await get('/healthz');
  await get('/users/1', UNSAMPLED);
  await get('/broken');
  await told('GET /broken');
  expect(spans.map(({ name }) => name)).toEqual(['GET /broken']);
});

test('a request whose client goes away ends as that', async () => {
  const { told, listen } = server();
  const { url, reached } = await listen();
  const abort = new AbortController();
  const answer = fetch(`${url}/slow`, { headers: { traceparent: SAMPLED }, signal: abort.signal }).catch(() => 'gone');
  await reached;
  abort.abort();
  expect(await answer).toBe('gone');
  expect(await told('GET /slow')).toMatchObject({ attributes: { 'error.type': 'aborted' } });
});
