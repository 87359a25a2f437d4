import { expect, test, vi } from 'vitest';
import { NAMESPACES } from '../testing/cluster.ts';
import { resourceOf } from '../testing/resource-of.ts';
import { useCluster } from '../testing/use-cluster.ts';

const NAMES = ['a', 'b', 'c'];
const LONG = 90_000;

const cluster = useCluster();

/** How often work on a policy failed and was put off. */
async function retries(): Promise<number> {
  const rendered = await cluster.operator.metrics.render();
  const [, count] = /^sekisho_queue_retries_total\{queue="policies"\} (\d+)/m.exec(rendered) ?? [];
  if (count === undefined) throw new Error('no retries are counted');
  return Number(count);
}

// Here nothing ends a namespace, as where a finalizer of somebody holds it for weeks.
test('policies in a namespace that is being deleted say so, and are neither tried again and again nor logged', async () => {
  for (const name of NAMES) await cluster.apply(cluster.policy(name));
  for (const name of NAMES) await cluster.programmed(name, LONG);
  await cluster.client.delete(NAMESPACES, { name: cluster.namespace });
  const { log } = cluster.operator;
  const before = { lines: log.length, retries: await retries() };
  for (const name of NAMES) {
    const { kind, metadata } = await cluster.generatedOne(name, 'AuthorizationPolicy', '"ALLOW"');
    await cluster.client.delete(resourceOf(kind), metadata);
  }
  for (const name of NAMES) {
    await vi.waitFor(async () => {
      const message = expect.stringContaining('is being terminated');
      expect(await cluster.condition(name, 'Programmed')).toMatchObject({ status: 'False', message });
    }, LONG);
  }
  await cluster.leaveNamespace();
  // A policy elsewhere, which comes later, is done by then.
  await cluster.enterNamespace();
  await cluster.apply(cluster.policy('elsewhere'));
  await cluster.programmed('elsewhere', LONG);
  expect(await retries()).toBe(before.retries);
  expect(log.slice(before.lines)).toEqual([]);
}, 600_000);
