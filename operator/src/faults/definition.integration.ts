import { discover, type KubeObject, NotFoundError } from '@sekisho/kube';
import { ControlPlane } from '@sekisho/kube/testing/cluster';
import { crds } from '@sekisho/policy';
import { expect, inject, test, vi } from 'vitest';
import { POLICIES } from '../resources.ts';
import { budgetSince } from '../testing/budget.ts';
import { moreOpen } from '../testing/openness.ts';
import { twoPolicies, workloadOf } from '../testing/policies.ts';
import { useCluster } from '../testing/use-cluster.ts';
import { useHistory } from '../testing/use-history.ts';

const NAMES = ['a', 'b', 'c'];
const MAX_CALLS = { atOnce: 150, perSecond: 5 };
/** That the kind is gone, and that it is back. */
const MAX_LINES = { atOnce: 3, perSecond: 0.1 };
const PATIENCE_MS = 90_000;

const servers = await ControlPlane.start(inject('privateControlPlane'));
const cluster = useCluster({ servers });
const history = useHistory(cluster);

const [definition] = crds();
if (definition === undefined) throw new Error('no definition');

/** As `kubectl delete crd` does; resolves when the kind is gone, and all policies with it. */
async function deleteDefinition(): Promise<void> {
  const resource = await discover(cluster.client, definition as KubeObject);
  await cluster.client.delete(resource, definition?.metadata ?? { name: '' });
  await vi.waitFor(
    () =>
      expect(cluster.client.get(resource, definition?.metadata ?? { name: '' })).rejects.toBeInstanceOf(NotFoundError),
    PATIENCE_MS,
  );
}

/** As installing it again does; resolves when policies can be written. */
async function recreateDefinition(): Promise<void> {
  const resource = await discover(cluster.client, definition as KubeObject);
  await cluster.client.apply(resource, definition as KubeObject, { force: true });
  await vi.waitFor(() => cluster.client.list(POLICIES), PATIENCE_MS);
}

const all = async () => Promise.all(NAMES.map((name) => cluster.generated(name)));

test('the definition is deleted, with all policies, and comes back: nothing opens, and policies take over what was theirs', async () => {
  const policies = NAMES.map((name) => twoPolicies(cluster, name).reading);
  for (const policy of policies) await cluster.apply(policy);
  await Promise.all(NAMES.map((name) => cluster.programmed(name)));
  const before = await all();
  const { calls, events, log } = cluster.operator;
  const count = { calls: calls.length, lines: log.length };
  const began = performance.now();

  await deleteDefinition();
  for (const name of NAMES) {
    const told = expect.stringContaining(`Warning Orphaned ${name}-`);
    await vi.waitFor(() => expect(events).toContainEqual(told), PATIENCE_MS);
  }
  await cluster.quiet();
  // Creation times are of whole seconds.
  await vi.waitFor(
    () => expect(Date.now()).toBeGreaterThan(Date.parse(String(before[0]?.[0]?.metadata.creationTimestamp)) + 2_000),
    PATIENCE_MS,
  );
  await recreateDefinition();
  await cluster.quiet();
  expect(await all()).toEqual(before);

  for (const policy of policies) await cluster.apply(policy);
  await Promise.all(NAMES.map((name) => cluster.programmed(name)));
  expect(calls.length - count.calls).toBeLessThanOrEqual(budgetSince(began, MAX_CALLS));
  expect(log.length - count.lines, log.join('\n')).toBeLessThanOrEqual(budgetSince(began, MAX_LINES));
  for (const [at, policy] of policies.entries()) {
    expect(moreOpen(await history().states(NAMES[at] ?? ''), workloadOf(cluster, [policy]))).toEqual([]);
  }

  // What was taken over belongs to a policy of the new definition, and goes with it.
  await cluster.client.delete(POLICIES, { namespace: cluster.namespace, name: 'a' });
  await vi.waitFor(async () => expect(await cluster.generated('a')).toEqual([]), PATIENCE_MS);
});
