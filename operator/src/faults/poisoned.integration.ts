import { ControlPlane } from '@sekisho/kube/testing/cluster';
import { expect, inject, test, vi } from 'vitest';
import { POLICIES } from '../resources.ts';
import { frozenObject } from '../testing/frozen-object.ts';
import { inParallel } from '../testing/in-parallel.ts';
import { useCluster } from '../testing/use-cluster.ts';

const GOOD = inject('goodPolicies');
/** A thousand take half a minute on a machine that does nothing else. */
const PATIENCE = { timeout: 600_000, interval: 500 };
/** Between two tries at last, at least. */
const LONGEST_BACKOFF_MS = 30_000;

// What a thousand policies leave behind would be the next test's work.
const servers = await ControlPlane.start(inject('privateControlPlane'));
const cluster = useCluster({ servers });

async function programmedCount(): Promise<number> {
  const rendered = await cluster.operator.metrics.render();
  return Number(/^sekisho_policies\{condition="Programmed",status="True"\} (\d+)/m.exec(rendered)?.[1]);
}

test('a policy that can never be programmed holds up none of many others, backs off, and tells why', async () => {
  await cluster.apply(cluster.policy('poisoned'));
  await cluster.programmed('poisoned');
  const frozen = await frozenObject(cluster, await cluster.generatedOne('poisoned', 'AuthorizationPolicy', '"ALLOW"'));
  const { calls, log } = cluster.operator;
  const before = { calls: calls.length, lines: log.length };
  const rules = [{ name: 'other', allow: { authenticated: true } }];
  const began = performance.now();
  await cluster.apply(cluster.policy('poisoned', { rules }));

  const names = Array.from({ length: GOOD }, (_, index) => `good-${index}`);
  await inParallel(names, (name) => cluster.client.create(POLICIES, cluster.policy(name)));
  await vi.waitFor(async () => expect(await programmedCount()).toBe(GOOD), PATIENCE);
  await vi.waitFor(async () => {
    const told = await cluster.condition('poisoned', 'Programmed');
    const message = expect.stringContaining('stays as it is');
    expect(told).toMatchObject({ status: 'False', reason: 'ApplyFailed', message });
  }, PATIENCE);
  const tries = calls
    .slice(before.calls)
    .filter((call) => call.startsWith('PATCH') && call.includes('/poisoned-allow'));
  // 0.2 s, 0.4 s, 0.8 s ... up to a minute between two; it is told of once, and again every ten minutes.
  expect(tries.length).toBeLessThan(12 + (performance.now() - began) / LONGEST_BACKOFF_MS);
  const lines = () => log.slice(before.lines).filter((line) => line.includes('poisoned')).length;
  await vi.waitFor(() => expect(lines()).toBeGreaterThan(0), PATIENCE);
  expect(lines()).toBeLessThan(4);

  await frozen.release();
  await cluster.programmed('poisoned', 180_000);
}, 2_400_000);
