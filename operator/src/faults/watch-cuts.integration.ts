import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { budgetSince } from '../testing/budget.ts';
import { moreOpen } from '../testing/openness.ts';
import { twoPolicies, workloadOf } from '../testing/policies.ts';
import { useCluster } from '../testing/use-cluster.ts';
import { useHistory } from '../testing/use-history.ts';

const CUTS = 60;
const EVERY_MS = 150;
/** A watch that fails without an event backs off up to ten seconds, then lists: eleven kinds, and the work on one policy. */
const MAX_CALLS = { atOnce: 400, perSecond: 20 };
const MAX_LINES = { atOnce: 2, perSecond: 2 };

const cluster = useCluster();
const history = useHistory(cluster);

test('connections that are cut again and again open nothing, flood nothing, and the last change arrives', async () => {
  const { reading, writing } = twoPolicies(cluster, 'bucket');
  await cluster.apply(reading);
  await cluster.programmed('bucket');
  const { calls, log } = cluster.operator;
  const before = { calls: calls.length, lines: log.length };
  const began = performance.now();
  for (let cut = 0; cut < CUTS; cut += 1) {
    if (cut % 5 === 0) await cluster.apply(cut % 2 === 0 ? writing : reading);
    cluster.line.reset();
    await delay(EVERY_MS);
  }
  await cluster.apply(writing);
  await cluster.programmed('bucket');
  expect(moreOpen(await history().states('bucket'), workloadOf(cluster, [reading, writing]))).toEqual([]);
  expect(calls.length - before.calls).toBeLessThanOrEqual(budgetSince(began, MAX_CALLS));
  expect(log.length - before.lines, log.join('\n')).toBeLessThanOrEqual(budgetSince(began, MAX_LINES));
});
