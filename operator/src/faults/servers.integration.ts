import { setTimeout as delay } from 'node:timers/promises';
import { ControlPlane } from '@sekisho/kube/testing/cluster';
import { describe, expect, inject, test, vi } from 'vitest';
import { POLICIES } from '../resources.ts';
import { budgetSince } from '../testing/budget.ts';
import { moreOpen } from '../testing/openness.ts';
import { twoPolicies, workloadOf } from '../testing/policies.ts';
import { useCluster } from '../testing/use-cluster.ts';
import { useHistory } from '../testing/use-history.ts';

const OUTAGE_MS = 6_000;
/** One that it is gone, one that it is back; and the same again when it fails once more while it starts. */
const MAX_LINES = { atOnce: 4, perSecond: 0.1 };
/** Eleven watches that back off from a quarter of a second to ten; each may try a list four times. */
const MAX_CALLS = { atOnce: 180, perSecond: 8 };
const PATIENCE_MS = 120_000;

const servers = await ControlPlane.start(inject('privateControlPlane'));
const cluster = useCluster({ servers });
const history = useHistory(cluster);

describe.each(['kube-apiserver', 'etcd'] as const)('an outage of %s', (server) => {
  test.each(['killed', 'frozen'] as const)(
    'that is %s: nothing opens, and what changed is programmed when it is back',
    async (how) => {
      const { reading, writing } = twoPolicies(cluster, 'bucket');
      await cluster.apply(reading);
      await cluster.programmed('bucket');
      // Its objects are being written when the server goes.
      await cluster.apply(writing);
      const { calls, log } = cluster.operator;
      const before = { calls: calls.length, lines: log.length };
      const began = performance.now();
      await servers[how](server, () => delay(OUTAGE_MS));
      await vi.waitFor(() => cluster.client.get(POLICIES, writing.metadata), PATIENCE_MS);

      await cluster.programmed('bucket', PATIENCE_MS);
      await vi.waitFor(() => cluster.apply(reading), PATIENCE_MS);
      await cluster.programmed('bucket');
      expect(moreOpen(await history().states('bucket'), workloadOf(cluster, [reading, writing]))).toEqual([]);
      expect(calls.length - before.calls).toBeLessThanOrEqual(budgetSince(began, MAX_CALLS));
      expect(log.length - before.lines, log.join('\n')).toBeLessThanOrEqual(budgetSince(began, MAX_LINES));
    },
  );
});
