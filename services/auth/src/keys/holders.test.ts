import { describe, expect, test } from 'vitest';
import { noteOf, regionsBehind } from './holders.ts';
import type { KeyHolder } from './key-store.ts';
import { MISSING_REASONS, type Spread } from './rotation.ts';

const rules = { settleMs: 100, cacheMs: 50, publishMs: 1_000 };
const unreported: Spread = { kind: 'unreported' };
const holder = (since: number, holds = false): KeyHolder => ({ region: 'us', since, holds });
const note = (own: KeyHolder | undefined, now: number, spread: Spread = unreported) =>
  noteOf({ holders: own ? [own] : [] }, { region: 'us', rules, now, spread });

describe('a region notes of a key that waits', () => {
  test('that it publishes it, whoever else does', () => {
    expect(note(undefined, 0)).toBe('publishes');
    const holders = [{ ...holder(0, true), region: 'eu' }];
    expect(noteOf({ holders }, { region: 'us', rules, now: 0, spread: unreported })).toBe('publishes');
  });

  test('where nobody reports, that it is held once this region published it for long enough', () => {
    expect(note(holder(500), 1_499)).toBeUndefined();
    expect(note(holder(500), 1_500)).toBe('holds');
  });

  test('that it is held once the policies hold it for a while, and no cache is older', () => {
    expect(note(holder(0), 200, { kind: 'held', forMs: 99 })).toBeUndefined();
    expect(note(holder(0), 149, { kind: 'held', forMs: 100 })).toBeUndefined();
    expect(note(holder(0), 150, { kind: 'held', forMs: 100 })).toBe('holds');
  });

  test('nothing more once that is noted', () => {
    expect(note(holder(0, true), 9_999)).toBeUndefined();
    expect(note(holder(0, true), 9_999, { kind: 'held', forMs: 0 })).toBeUndefined();
  });

  test.each(MISSING_REASONS)('nothing while it is missing, or that it is lacked again: %s', (reason) => {
    const spread: Spread = { kind: 'missing', reason };
    expect(note(holder(0), 9_999, spread)).toBeUndefined();
    const isUnknown = reason === 'unreachable' || reason === 'replica_behind';
    expect(note(holder(0, true), 9_999, spread)).toBe(isUnknown ? undefined : 'lacks');
  });
});

test('every other region is waited for that does not hold a key and is not given up', () => {
  const region = { others: ['eu', 'us', 'ap'] };
  const holders = [{ ...holder(0, true), region: 'eu' }, holder(0)];
  expect(regionsBehind({ holders }, region, [])).toEqual(['us', 'ap']);
  expect(regionsBehind({ holders }, region, ['us', 'gone'])).toEqual(['ap']);
  expect(regionsBehind({ holders: [] }, { others: [] }, [])).toEqual([]);
});
