import { expect, test } from 'vitest';
import { moreOpen } from '../testing/openness.ts';
import { twoPolicies, workloadOf } from '../testing/policies.ts';
import { useCluster } from '../testing/use-cluster.ts';
import { useHistory } from '../testing/use-history.ts';

const FLIPS = 100;
/** At most six objects and one status for each flip; most flips meet a reconcile that is under way. */
const MAX_WRITES = 7 * FLIPS;

const cluster = useCluster();
const history = useHistory(cluster);

test('a policy that changes a hundred times ends at its last state, and tells people once', async () => {
  const { reading, writing } = twoPolicies(cluster, 'bucket');
  await cluster.apply(writing);
  await cluster.programmed('bucket');
  const { events, log } = cluster.operator;
  const before = { writes: cluster.writes.length, events: events.length, lines: log.length };
  for (let flip = 0; flip < FLIPS; flip += 1) await cluster.apply(flip % 2 === 0 ? reading : writing);
  await cluster.apply(reading);
  await cluster.programmed('bucket');
  await cluster.quiet();

  const states = await history().states('bucket');
  expect(moreOpen(states, workloadOf(cluster, [reading, writing]))).toEqual([]);
  expect(moreOpen(states.slice(-1), workloadOf(cluster, [reading]))).toEqual([]);
  expect(cluster.writes.length - before.writes).toBeLessThan(MAX_WRITES);
  expect(events.slice(before.events)).toEqual([]);
  expect(log.slice(before.lines)).toEqual([]);
});
