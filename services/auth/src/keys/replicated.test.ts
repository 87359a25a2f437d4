import { FakeClock } from '@sekisho/kube/testing';
import { expect, test } from 'vitest';
import { replicated } from './replicated.ts';
import type { Spread } from './rotation.ts';

const timing = { settleMs: 100, cacheMs: 50 };
const behind: Spread = { kind: 'missing', reason: 'replica_behind' };
const { signal } = new AbortController();

test('a key is held once the replica of the database has it for as long as others take to notice', async () => {
  const clock = new FakeClock();
  const there = new Set<string>();
  let told: Spread = { kind: 'unreported' };
  let isAway = false;
  const isThere = async (kid: string) => {
    if (isAway) throw new Error('the replica does not answer');
    return there.has(kid);
  };
  const spread = replicated({ ...timing, clock, isThere, spread: async () => told });
  await clock.advance(1_000);
  expect(await spread('a', signal)).toEqual(behind);
  isAway = true;
  expect(await spread('a', signal)).toEqual(behind);
  isAway = false;
  there.add('a');
  expect(await spread('a', signal)).toEqual(behind);
  await clock.advance(149);
  expect(await spread('a', signal)).toEqual(behind);
  expect(await spread('b', signal)).toEqual(behind);
  await clock.advance(1);
  expect(await spread('a', signal)).toEqual({ kind: 'unreported' });
  // What it has it keeps.
  isAway = true;
  told = { kind: 'held', forMs: 7 };
  expect(await spread('a', signal)).toEqual(told);
  told = { kind: 'missing', reason: 'not_listed' };
  expect(await spread('a', signal)).toEqual(told);
});
