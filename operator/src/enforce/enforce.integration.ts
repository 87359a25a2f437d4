import { readPolicyStatus } from '@sekisho/policy';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { GENERATED, POLICIES, WORKLOAD_ENTRIES } from '../resources.ts';
import { FakeIstiod } from '../testing/fake-istiod.ts';
import { useCluster } from '../testing/use-cluster.ts';
import type { Asking } from './asking.ts';
import { createIstiod } from './istiod.ts';
import { fixedReplicas } from './replicas.ts';

/** Above the longest pause between two looks. */
const LONG = 150_000;
const HOUR_MS = 3_600_000;
const cluster = useCluster({ operator: false });
const ref = (name: string) => ({ namespace: cluster.namespace, name });
const workload = (name: string) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'WorkloadEntry',
  metadata: { ...ref(name), labels: { app: 'bucket' } },
  spec: { address: '127.0.0.9', serviceAccount: 'bucket' },
});
const idOf = (name: string) => `${name}.${cluster.namespace}`;

let here: FakeIstiod;
let there: FakeIstiod;
let asking: Asking;

beforeEach(async () => {
  [here, there] = [await FakeIstiod.start(), await FakeIstiod.start()];
  const source = fixedReplicas([here.replica.url, there.replica.url]);
  asking = {
    source,
    settleMs: 1_000,
    istiod: createIstiod({ timeoutMs: 60_000, maxBytes: 1 << 20, token: undefined }),
  };
  for (const name of ['a', 'b']) await cluster.client.create(WORKLOAD_ENTRIES, workload(name));
  await cluster.startOperator({ asking });
});
afterEach(async () => {
  await cluster.stopOperator();
  await asking.istiod.close();
  expect([...here.unexpected, ...there.unexpected]).toEqual([]);
  await Promise.all([here.close(), there.close()]);
});

/** What istiod does when it learns of objects: holds them, and sends what it makes of them to its proxies. */
async function informed(istiod: FakeIstiod, proxy: string, answer?: Parameters<FakeIstiod['push']>[2]): Promise<void> {
  istiod.objects = await cluster.generated('bucket');
  istiod.push(idOf(proxy), new Date(), answer);
}

/** The same of both, whose listeners are later than any look at what they hold: nothing is left for time to tell. */
async function bothInformed(): Promise<void> {
  const objects = await cluster.generated('bucket');
  for (const [istiod, proxy] of [[here, 'a'] as const, [there, 'b'] as const]) {
    istiod.objects = objects;
    istiod.push(idOf(proxy), new Date(Date.now() + HOUR_MS));
  }
}

const becomes = (wanted: object) =>
  vi.waitFor(async () => {
    const { metadata } = await cluster.client.get(POLICIES, ref('bucket'));
    const condition = await cluster.condition('bucket', 'Enforced');
    expect(condition).toMatchObject({ ...wanted, observedGeneration: metadata.generation });
  }, LONG);

async function enforced(): Promise<void> {
  await cluster.apply(cluster.policy('bucket'));
  await cluster.programmed('bucket');
  await informed(here, 'a');
  await informed(there, 'b');
  await becomes({ status: 'True', reason: 'Enforced' });
}

const change = () => cluster.apply(cluster.policy('bucket', { service: 'storage' }));

describe('Enforced, with two replicas of istiod', () => {
  test('is True when both have told their proxies, and one status is written for the way and one for its end', async () => {
    // What is missing is told of once it has lasted for so long: however slow this machine is, not on the way.
    await cluster.stopOperator();
    await cluster.startOperator({ asking: { ...asking, settleMs: HOUR_MS } });
    await change();
    await cluster.programmed('bucket');
    await bothInformed();
    await becomes({ status: 'True' });
    await cluster.quiet();
    const before = cluster.writes.length;
    await cluster.apply(cluster.policy('bucket'));
    await cluster.programmed('bucket');
    await bothInformed();
    await becomes({ status: 'True' });
    await cluster.quiet();
    const statuses = cluster.writes.slice(before).filter((call) => call.includes('serviceauthpolicies/bucket/status'));
    expect(statuses).toHaveLength(2);
  });

  test('is False while one of them lags behind, and while a proxy refuses', async () => {
    await enforced();
    await change();
    await cluster.programmed('bucket');
    await informed(here, 'a');
    await becomes({ status: 'False', reason: 'IstiodBehind' });
    await informed(there, 'b', { nack: 'no' });
    await becomes({ status: 'False', reason: 'ProxiesRejecting' });
    await informed(there, 'b');
    await becomes({ status: 'True' });
  });

  test('is Unknown while one of them is away that may know a proxy, and recovers alone', async () => {
    await enforced();
    there.failing = 503;
    await change();
    await cluster.programmed('bucket');
    await informed(here, 'a');
    await becomes({ status: 'Unknown', reason: 'IstiodUnreachable' });
    there.failing = undefined;
    await informed(there, 'b');
    await becomes({ status: 'True' });
  });

  test('is asked for again of a workload that is relabelled while it runs', async () => {
    await enforced();
    const other = { ...workload('c'), metadata: { ...ref('c'), labels: { app: 'other' } } };
    await cluster.client.create(WORKLOAD_ENTRIES, other);
    // Listeners that know nothing of the policy.
    there.push(idOf('c'), new Date(), 'none');
    await cluster.client.apply(WORKLOAD_ENTRIES, workload('c'), { force: true });
    await becomes({ status: 'False', reason: 'ProxiesBehind', message: expect.stringContaining(idOf('c')) });
    await informed(there, 'c');
    await becomes({ status: 'True' });
  });

  test('is proven once: after a restart nothing is asked, and nothing is written', async () => {
    await enforced();
    await cluster.counted(1);
    await cluster.quiet();
    await cluster.stopOperator();
    [here.asked, there.asked] = [[], []];
    await cluster.startOperator({ asking });
    await cluster.quiet();
    expect(cluster.writes).toEqual([]);
    expect([...here.asked, ...there.asked]).toEqual([]);
  });

  test('is proven anew for an object that was deleted by hand and is back', async () => {
    await enforced();
    const proven = async () =>
      readPolicyStatus((await cluster.client.get(POLICIES, ref('bucket'))).status).enforcedObjects;
    const before = await proven();
    const allow = await cluster.generatedOne('bucket', 'AuthorizationPolicy', '"ALLOW"');
    await cluster.client.delete(GENERATED.AuthorizationPolicy, allow.metadata);
    await becomes({ status: 'False' });
    await informed(here, 'a');
    await informed(there, 'b');
    await becomes({ status: 'True' });
    expect(await proven()).not.toBe(before);
  });

  test('nobody is asked for a policy that is gone', async () => {
    await cluster.apply(cluster.policy('bucket'));
    await cluster.programmed('bucket');
    await vi.waitFor(() => expect(here.asked.length).toBeGreaterThan(0), LONG);
    await cluster.client.delete(POLICIES, ref('bucket'));
    await vi.waitFor(
      async () => expect(await cluster.operator.metrics.render()).toContain('sekisho_enforcement_waiting 0'),
      LONG,
    );
  });
});
