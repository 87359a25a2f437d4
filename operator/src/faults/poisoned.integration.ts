import { expect, inject, test, vi } from 'vitest';
import { POLICIES } from '../resources.ts';
import { frozenObject } from '../testing/frozen-object.ts';
import { useCluster } from '../testing/use-cluster.ts';

/** `GOOD_POLICIES=1000` for the whole measure; in a suite that others wait for, fewer tell the same. */
const GOOD = inject('goodPolicies');
const AT_ONCE = 16;
/** Each; of a quiet machine it takes a tenth. */
const MS_PER_POLICY = 150;

const cluster = useCluster();

async function eachOf(names: readonly string[], work: (name: string) => Promise<unknown>): Promise<void> {
  const left = names.values();
  const worker = async () => {
    for (const name of left) await work(name);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function programmedCount(): Promise<number> {
  const rendered = await cluster.operator.metrics.render();
  return Number(/^sekisho_policies\{condition="Programmed",status="True"\} (\d+)/m.exec(rendered)?.[1]);
}

test('a policy that can never be programmed holds up no other, backs off, and tells why', async () => {
  await cluster.apply(cluster.policy('poisoned'));
  await cluster.programmed('poisoned');
  const frozen = await frozenObject(cluster, await cluster.generatedOne('poisoned', 'AuthorizationPolicy', '"ALLOW"'));
  const { calls, log } = cluster.operator;
  const before = { calls: calls.length, lines: log.length };
  const rules = [{ name: 'other', allow: { authenticated: true } }];
  await cluster.apply(cluster.policy('poisoned', { rules }));

  const names = Array.from({ length: GOOD }, (_, index) => `good-${index}`);
  const began = performance.now();
  await eachOf(names, (name) => cluster.client.create(POLICIES, cluster.policy(name)));
  await vi.waitFor(async () => expect(await programmedCount()).toBe(GOOD), {
    timeout: GOOD * MS_PER_POLICY,
    interval: 200,
  });
  expect(performance.now() - began).toBeLessThan(GOOD * MS_PER_POLICY);

  const told = await cluster.condition('poisoned', 'Programmed');
  expect(told).toMatchObject({
    status: 'False',
    reason: 'ApplyFailed',
    message: expect.stringContaining('stays as it is'),
  });
  const tries = calls
    .slice(before.calls)
    .filter((call) => call.startsWith('PATCH') && call.includes('/poisoned-allow'));
  // 0.2 s, 0.4 s, 0.8 s ... up to a minute between two.
  expect(tries.length).toBeLessThan(12);
  expect(log.slice(before.lines).filter((line) => line.includes('poisoned'))).toHaveLength(1);

  await frozen.release();
  await cluster.programmed('poisoned', 90_000);
}, 300_000);
