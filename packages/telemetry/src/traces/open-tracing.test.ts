import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { listen } from '../listen.ts';
import { createLogger } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { SAMPLED } from '../testing/kept-tracing.ts';
import { openTracing } from './open-tracing.ts';
import { NO_TRACING } from './tracing.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

function parts() {
  const lines: string[] = [];
  const log = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } });
  return { log, lines, metrics: createMetrics({ processMetrics: false }) };
}

/** @param status what it answers */
async function collector(status: number, answer = '') {
  const received: { readonly path: string | undefined; readonly type: string | undefined; readonly body: Buffer }[] =
    [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ path: request.url, type: request.headers['content-type'], body: Buffer.concat(chunks) });
      response.writeHead(status).end(answer);
    });
  });
  cleanUps.push(() => server.close().closeAllConnections());
  const { host, port } = await listen(server, { host: '127.0.0.1', port: 0 });
  return { received, url: `http://${host}:${port}` };
}

describe('openTracing', () => {
  test('records nothing without an endpoint, nor where it is disabled', async () => {
    expect(await openTracing('auth', {}, parts())).toBe(NO_TRACING);
    const disabled = { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
    expect(await openTracing('auth', disabled, parts())).toBe(NO_TRACING);
  });

  test('delivers what is left before it stops, with what the process says about itself', async () => {
    const { received, url } = await collector(200);
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`,
      OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=auth-0,k8s.namespace.name=sekisho%2Dsystem',
    };
    const { metrics, ...around } = parts();
    const tracing = await openTracing('sekisho-auth', env, { metrics, ...around });
    tracing.serve({ name: 'GET /', traceparent: SAMPLED })?.end();
    await tracing.stop();
    expect(received).toMatchObject([{ path: '/v1/traces', type: 'application/x-protobuf' }]);
    const body = received[0]?.body.toString('latin1') ?? '';
    for (const text of ['sekisho-auth', 'auth-0', 'sekisho-system', 'GET /']) expect(body).toContain(text);
    expect(await metrics.render()).toContain('trace_spans_total{result="exported"} 1');
  });

  test.each([400, 503])('tells once of a collector that answers %i, and counts the spans', async (status) => {
    const { received, url } = await collector(status);
    const { metrics, lines, ...around } = parts();
    const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/here` };
    const tracing = await openTracing('auth', env, { metrics, ...around });
    tracing.serve({ name: 'GET /' })?.end();
    await tracing.stop();
    expect(received[0]?.path).toBe('/here');
    expect(lines.filter((line) => line.includes('cannot be delivered'))).toHaveLength(1);
    expect(await metrics.render()).toContain('trace_spans_total{result="failed"} 1');
  });

  test('refuses a sampler that would decide again what a proxy decided', async () => {
    await expect(openTracing('auth', { OTEL_TRACES_SAMPLER: 'always_on' }, parts())).rejects.toThrow(
      'OTEL_TRACES_SAMPLER',
    );
  });

  test.each(['http://hunter2:hunter2@collector:4318', 'http://:4318', 'http://collector:hunter2'])(
    'refuses a collector that nothing can be sent to, without repeating it: %s',
    async (url) => {
      for (const variable of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) {
        const opened = openTracing('auth', { [variable]: url }, parts());
        await expect(opened).rejects.toThrow(variable);
        await expect(opened).rejects.not.toThrow('hunter2');
      }
    },
  );

  test('refuses resource attributes that cannot be read, without repeating them', async () => {
    const text = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_RESOURCE_ATTRIBUTES: 'hunter2' };
    const opened = openTracing('auth', text, parts());
    await expect(opened).rejects.toThrow('OTEL_RESOURCE_ATTRIBUTES');
    await expect(opened).rejects.not.toThrow('hunter2');
  });
});

test('a collector whose answer makes no sense has taken the spans: they are not sent again', async () => {
  const { received, url } = await collector(200, 'no protobuf at all');
  const { metrics, ...around } = parts();
  const tracing = await openTracing('auth', { OTEL_EXPORTER_OTLP_ENDPOINT: url }, { metrics, ...around });
  tracing.serve({ name: 'GET /' })?.end();
  await tracing.stop();
  expect(received).toHaveLength(1);
  expect(await metrics.render()).toContain('trace_spans_total{result="exported"} 1');
});
