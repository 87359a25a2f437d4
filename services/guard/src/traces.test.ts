import { decide } from '@sekisho/policy';
import { NO_TRACING } from '@sekisho/telemetry';
import { keptTracing, SAMPLED, UNSAMPLED } from '@sekisho/telemetry/testing';
import { expect, test } from 'vitest';
import type { CheckRequest } from './edge/check-request.ts';
import { edgeWorld } from './testing/edge-world.ts';
import { recordedTrace, tracedDecide, tracedNarrow, tracedPolicy, tracedVerify } from './traces.ts';

async function world() {
  const { tracing, spans } = keptTracing();
  const edge = await edgeWorld();
  const { verify, narrow } = edge.parts;
  const parts = {
    verify: tracedVerify(tracing, verify),
    narrow: tracedNarrow(tracing, narrow),
    decide: tracedPolicy(tracing),
  };
  const ask = (token: string, traceparent: string) => {
    const header: CheckRequest['header'] = (name) => (name === 'traceparent' ? traceparent : undefined);
    const decideQuestion = tracedDecide(tracing, () => edge.ask({ token, header }, parts));
    const request = { header, method: 'GET', host: 'bucket.example', path: '/api/items', query: '' };
    const arrival = { scheme: 'http', serverName: undefined, authorization: undefined } as const;
    return decideQuestion({ place: 'edge', request: { ...arrival, ...request } });
  };
  return { edge, ask, spans };
}

test('a question of a recorded trace is a span below that of the proxy, with a span for each step', async () => {
  const { edge, ask, spans } = await world();
  const token = await edge.logIn('mia');
  await ask(token, SAMPLED);
  const asked = spans.find(({ name }) => name === 'GET /edge/*');
  expect(asked).toMatchObject({
    parentSpanId: SAMPLED.split('-')[2],
    attributes: { 'http.response.status_code': 200, 'sekisho.decision': 'allow' },
  });
  const steps = spans.filter(({ parentSpanId }) => parentSpanId === asked?.spanId).map(({ name }) => name);
  expect(steps).toEqual(['jwt.verify', 'policy.decide', 'token.mint']);
});

test('what is known from an earlier request is told as that', async () => {
  const { edge, ask, spans } = await world();
  const token = await edge.logIn('mia');
  await ask(token, UNSAMPLED);
  expect(spans).toEqual([]);
  await ask(token, SAMPLED);
  for (const name of ['jwt.verify', 'token.mint']) {
    expect(spans.find((span) => span.name === name)?.attributes).toEqual({ 'sekisho.cache.hit': true });
  }
});

test('a denial tells which policy and rule, and nothing of who asked', async () => {
  const { edge, ask, spans } = await world();
  const token = await edge.logIn('mia-hunter2', { services: { bucket: { permissions: ['bucket:nothing'] } } });
  const answer = await ask(token, SAMPLED);
  expect(answer).toMatchObject({ allowed: false, code: 'permission_missing' });
  expect(spans.at(-1)).toMatchObject({
    failed: false,
    attributes: { 'sekisho.decision': 'deny', 'sekisho.code': 'permission_missing', 'http.response.status_code': 403 },
  });
  expect(JSON.stringify(spans)).not.toMatch(/hunter2|bearer|eyJ|session-/i);
});

test('without tracing everything is what it was', async () => {
  const edge = await edgeWorld();
  const work = async () => edge.ask();
  expect(tracedDecide(NO_TRACING, work)).toBe(work);
  expect(tracedVerify(NO_TRACING, edge.parts.verify)).toBe(edge.parts.verify);
  expect(tracedPolicy(NO_TRACING)).toBe(decide);
  expect(recordedTrace(NO_TRACING, undefined)).toBeUndefined();
});
