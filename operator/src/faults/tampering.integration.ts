import type { KubeObject } from '@sekisho/kube';
import { describe, expect, test, vi } from 'vitest';
import { budgetSince } from '../testing/budget.ts';
import { moreOpen, openToAnyone } from '../testing/openness.ts';
import { twoPolicies, workloadOf } from '../testing/policies.ts';
import { resourceOf } from '../testing/resource-of.ts';
import { useCluster } from '../testing/use-cluster.ts';
import { useHistory } from '../testing/use-history.ts';

const TURNS = 40;
/** The first repair comes at once, and the pause between two doubles up to five seconds. */
const MAX_WRITES = { atOnce: 15, perSecond: 1 };
const PATIENCE_MS = 90_000;

const cluster = useCluster();
const history = useHistory(cluster);

const allow = () => cluster.generatedOne('bucket', 'AuthorizationPolicy', '"ALLOW"');
const remove = ({ kind, metadata }: KubeObject) => cluster.client.delete(resourceOf(kind), metadata);
const open = ({ apiVersion, kind, metadata, spec }: KubeObject) => {
  const rules = [{}];
  const opened = { apiVersion, kind, metadata: { name: metadata.name, namespace: cluster.namespace } };
  return cluster.client.apply(
    resourceOf(kind),
    { ...opened, ...{ spec: { ...Object(spec), rules } } },
    { force: true },
  );
};

describe('somebody who insists on', () => {
  test.each([
    ['deleting the allow list', remove],
    ['opening the allow list', open],
  ])('%s is undone each time, more slowly, and lets nobody in without a token', async (_, tamper) => {
    const { reading } = twoPolicies(cluster, 'bucket');
    await cluster.apply(reading);
    await cluster.programmed('bucket');
    const good = (await allow()).spec;
    await cluster.quiet();
    const before = cluster.writes.length;
    const began = performance.now();
    for (let turn = 0; turn < TURNS && performance.now() < began + 5_000; turn += 1) {
      await tamper(await vi.waitFor(allow, PATIENCE_MS));
    }
    expect(cluster.writes.length - before).toBeLessThanOrEqual(budgetSince(began, MAX_WRITES));
    await vi.waitFor(async () => expect((await allow()).spec).toEqual(good), PATIENCE_MS);
    await cluster.programmed('bucket');
    expect(openToAnyone(await history().states('bucket'), workloadOf(cluster, [reading]))).toEqual([]);
  });
});

test('writes that meet the writes of another controller are tried again, and end as the policy says', async () => {
  const { reading, writing } = twoPolicies(cluster, 'bucket');
  await cluster.apply(reading);
  await cluster.programmed('bucket');
  const { apiVersion, kind, metadata } = await allow();
  const { name } = metadata;
  const stop = new AbortController();
  // Istio's own annotation must go, and goes only by a replace, which names the version that it read.
  const annotate = async () => {
    for (let turn = 0; !stop.signal.aborted; turn += 1) {
      const annotations = { 'istio.io/dry-run': 'true', turn: String(turn) };
      const object = { apiVersion, kind, metadata: { name, namespace: cluster.namespace, annotations } };
      await cluster.client.apply(resourceOf(kind), object, { force: true });
    }
  };
  const annotating = annotate();
  const { refusals } = cluster.operator;
  try {
    let flips = 0;
    await vi.waitFor(async () => {
      await cluster.apply(flips % 2 === 0 ? writing : reading);
      flips += 1;
      expect(refusals).toContainEqual(expect.stringContaining(`409 PUT /apis/security.istio.io/v1/namespaces`));
    }, PATIENCE_MS);
  } finally {
    stop.abort();
    await annotating;
  }
  await cluster.apply(writing);
  await cluster.programmed('bucket');
  // That may have been told of before the last annotation came.
  await vi.waitFor(async () => {
    expect((await allow()).metadata.annotations).not.toHaveProperty(['istio.io/dry-run']);
  }, PATIENCE_MS);
  const states = await history().states('bucket');
  expect(moreOpen(states, workloadOf(cluster, [reading, writing]))).toEqual([]);
  expect(moreOpen(states.slice(-1), workloadOf(cluster, [writing]))).toEqual([]);
});
