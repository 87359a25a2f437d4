import { expect, test } from 'vitest';
import type { ReceivedSpan } from './otlp.ts';
import { traceTree } from './trace-tree.ts';
import { waterfall } from './waterfall.ts';

const MS = 1_000_000n;

function span(spanId: string, parentSpanId: string | undefined, more: Partial<ReceivedSpan>): ReceivedSpan {
  const told = {
    service: 'shop',
    resource: {},
    traceId: 'f00d',
    kind: 'server',
    attributes: {},
    failed: false,
  } as const;
  return { ...told, spanId, parentSpanId, name: spanId, start: 0n, end: 10n * MS, ...more };
}

test('a trace is drawn below its head, one line for each span, where it stood in time', () => {
  const trace = traceTree([
    span('GET /items', undefined, {}),
    span('verify', 'GET /items', { start: 1n * MS, end: 2n * MS }),
    span('POST', 'GET /items', { start: 5n * MS, attributes: { 'peer.service': 'auth' }, failed: true }),
    span('mint', 'POST', { service: 'auth', start: 6n * MS, end: 8n * MS }),
  ]);
  const [head, ...lines] = waterfall(trace, { width: 10 }).split('\n');
  expect(head).toBe('2 parts, 4 spans, 10.0 ms, trace f00d');
  expect(lines.map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'shop GET /items ██████████ 10.00 ms',
    'shop ├ verify ·█········ 1.00 ms',
    'shop └ POST → auth ✗ ·····█████ 5.00 ms',
    'auth └ mint ······██·· 2.00 ms',
  ]);
});

test('each part has a colour of its own in a terminal', () => {
  const trace = traceTree([span('a', undefined, {}), span('b', 'a', { service: 'auth' })]);
  const [, first, second] = waterfall(trace, { colour: true }).split('\n');
  expect(first?.slice(0, 5)).not.toBe(second?.slice(0, 5));
});
