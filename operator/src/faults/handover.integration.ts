import { describe, expect, test, vi } from 'vitest';
import { POLICIES } from '../resources.ts';
import { moreOpen } from '../testing/openness.ts';
import { twoPolicies, workloadOf } from '../testing/policies.ts';
import { useCluster } from '../testing/use-cluster.ts';
import { useHistory } from '../testing/use-history.ts';

const cluster = useCluster();
const history = useHistory(cluster);

/** Two policies for one workload, of which the first governs. */
function rivals() {
  const { reading, writing } = twoPolicies(cluster, 'bucket');
  const named = (name: string, policy: typeof reading) => ({ ...policy, metadata: { ...policy.metadata, name } });
  return { older: named('a-older', reading), younger: named('b-younger', writing) };
}

async function settled(): Promise<void> {
  await cluster.programmed('b-younger');
  await vi.waitFor(async () => expect(await cluster.generated('a-older')).toEqual([]), 90_000);
}

describe('a workload whose policy is deleted while another one stands ready for it', () => {
  test('is never without any: the younger of two in conflict takes over first', async () => {
    const { older, younger } = rivals();
    await cluster.apply(older);
    await cluster.programmed('a-older');
    await cluster.apply(younger);
    await vi.waitFor(async () => {
      expect(await cluster.condition('b-younger', 'Accepted')).toMatchObject({ reason: 'Conflicted' });
    }, 90_000);
    await cluster.client.delete(POLICIES, older.metadata);
    await settled();
    const states = await history().states('bucket');
    expect(moreOpen(states, workloadOf(cluster, [older, younger]))).toEqual([]);
    expect(moreOpen(states.slice(-1), workloadOf(cluster, [younger]))).toEqual([]);
  });

  test('is never without any when a policy gets another name while the operator is down', async () => {
    const { older, younger } = rivals();
    await cluster.apply(older);
    await cluster.programmed('a-older');
    await cluster.stopOperator();
    await cluster.client.delete(POLICIES, older.metadata);
    await cluster.apply(younger);
    await cluster.startOperator();
    await settled();
    expect(moreOpen(await history().states('bucket'), workloadOf(cluster, [older, younger]))).toEqual([]);
  });
});
