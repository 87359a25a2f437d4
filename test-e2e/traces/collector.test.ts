import { createLogger, openTracing } from '@sekisho/telemetry';
import { expect, test } from 'vitest';
import { Addresses } from '../mesh/addresses.ts';
import { startCollector } from './collector.ts';
import { traceTree } from './trace-tree.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const addresses = new Addresses(import.meta.dirname);
/** That nobody else takes before it is used. */
const ownAddress = async () => `127.0.0.1:${await addresses.port('127.0.0.1', 27_950)}`;

async function delivered() {
  const address = await ownAddress();
  await using collector = await startCollector(address);
  const tracing = await openTracing('shop', { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address}` }, { log });
  const span = tracing.serve({
    name: 'GET /items',
    attributes: { 'http.response.status_code': 200, ratio: 0.5, hit: true },
  });
  span?.run(() =>
    tracing
      .child({ name: 'token.mint', kind: 'client', attributes: { 'peer.service': 'auth' } })
      ?.end({ errorType: 'no' }),
  );
  span?.end();
  await tracing.stop();
  return collector.spans();
}

test('what a process delivers arrives as it was recorded', async () => {
  const spans = await delivered();
  const { span, children } = traceTree(spans);
  expect(span).toMatchObject({
    ...{ service: 'shop', name: 'GET /items', kind: 'server', failed: false },
    attributes: { 'http.response.status_code': 200, ratio: 0.5, hit: true },
  });
  expect(children).toMatchObject([
    { span: { name: 'token.mint', kind: 'client', failed: true, attributes: { 'error.type': 'no' } } },
  ]);
});

test('a collector that got something else says so to whoever looks', async () => {
  const address = await ownAddress();
  await using collector = await startCollector(address);
  const post = (path: string, type: string, body: string) =>
    fetch(`http://${address}${path}`, { method: 'POST', headers: { 'content-type': type }, body });
  expect((await post('/v1/traces', 'application/json', '{}')).status).toBe(400);
  expect(() => collector.spans()).toThrow('application/json');
});

test.each([
  ['two roots', [{ spanId: 'a' }, { spanId: 'b' }], '2 roots'],
  ['a span without its parent', [{ spanId: 'a' }, { spanId: 'b', parentSpanId: 'x' }], 'no parent'],
  ['a span that came twice', [{ spanId: 'a' }, { spanId: 'a' }], 'twice'],
  ['a circle', [{ spanId: 'a' }, { spanId: 'b', parentSpanId: 'c' }, { spanId: 'c', parentSpanId: 'b' }], 'circle'],
])('%s are no tree', (_, spans, message) => {
  const span = {
    service: 's',
    resource: {},
    traceId: 't',
    name: 'n',
    kind: 'server',
    attributes: {},
    failed: false,
  } as const;
  const whole = spans.map((one) => ({ ...span, start: 1n, end: 2n, parentSpanId: undefined, ...one }));
  expect(() => traceTree(whole)).toThrow(message);
});
