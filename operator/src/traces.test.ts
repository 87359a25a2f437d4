import { keptTracing } from '@sekisho/telemetry/testing';
import { expect, test } from 'vitest';
import { reconciling } from './traces.ts';

test('a reconcile is a trace of its own, and fails as what it does', async () => {
  const { tracing, spans } = keptTracing();
  await reconciling(tracing, { queue: 'policies', key: 'shop/bucket' }, async () => 'done');
  const failure = new Error('no');
  const failing = reconciling(tracing, { queue: 'keys', key: 'platform' }, () => Promise.reject(failure));
  await expect(failing).rejects.toBe(failure);
  expect(spans).toMatchObject([
    {
      name: 'reconcile policies',
      parentSpanId: undefined,
      failed: false,
      attributes: { 'sekisho.key': 'shop/bucket' },
    },
    { name: 'reconcile keys', failed: true },
  ]);
  expect(spans[0]?.traceId).not.toBe(spans[1]?.traceId);
});
