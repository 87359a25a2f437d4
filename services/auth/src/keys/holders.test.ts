import { describe, expect, test } from 'vitest';
import { noteOf, regionsBehind, waitsFor } from './holders.ts';
import type { KeyHolder } from './key-store.ts';
import { NO_REGION } from './region.ts';
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

describe('a key waits for', () => {
  const us = { name: 'us', others: ['eu', 'ap'], isFirst: false };
  const waiting = (region: string, ...holders: KeyHolder[]) => waitsFor({ region, state: 'next', holders }, us, []);

  test('all regions but its own, whichever tells', () => {
    expect(waiting('us')).toEqual(['eu', 'ap']);
    expect(waiting('ap')).toEqual(['us', 'eu']);
    expect(waiting('ap', holder(0, true))).toEqual(['eu']);
    expect(waitsFor({ region: 'us', state: 'next', holders: [] }, us, ['ap'])).toEqual(['eu']);
  });

  test('the others of the first region, if it is from before there were regions', () => {
    expect(waiting('')).toEqual(['us', 'ap']);
    const eu = { name: 'eu', others: ['us', 'ap'], isFirst: true };
    expect(waitsFor({ region: '', state: 'next', holders: [] }, eu, [])).toEqual(['us', 'ap']);
  });

  test('nobody once it signs, or where there are no regions', () => {
    expect(waitsFor({ region: 'us', state: 'active', holders: [] }, us, [])).toEqual([]);
    expect(waitsFor({ region: '', state: 'next', holders: [] }, NO_REGION, [])).toEqual([]);
  });
});
