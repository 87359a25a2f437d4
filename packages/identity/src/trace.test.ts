import { expect, test } from 'vitest';
import { traceHeaders } from './trace.ts';

test('a call takes along the request id and the trace context, and nothing else', () => {
  const trace = { 'x-request-id': 'r1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  const others = { authorization: 'Bearer a.b.c', cookie: 'a=b', 'x-user-id': 'mia', tracestate: '' };
  expect(traceHeaders({ ...trace, ...others })).toEqual(trace);
});

test('a request without a trace starts none', () => {
  expect(traceHeaders({ tracestate: undefined, traceparent: ['00-a', '00-b'] })).toEqual({});
});
