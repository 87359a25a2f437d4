import { describe, expect, test } from 'vitest';
import type { ProxyRow } from './answers.ts';
import type { Holding, ReplicaView } from './record.ts';
import { type Quest, sightOf } from './sighting.ts';

const SETTLE = 12_000;
/** By the monotonic clock; all that is awaited began long before. */
const NOW = 1_000_000;
/** When istiod answered that it holds the objects, by its own clock. */
const HELD = Date.parse('2026-02-03T04:05:06Z');
const PROXY = 'bucket-1.shop';
const quest: Quest = {
  basis: 'new',
  group: 'shop/bucket',
  proxies: [PROXY],
  since: NOW - 60_000,
  writtenAt: undefined,
};
const good: ProxyRow = { id: PROXY, madeAt: HELD - 5_000, acknowledged: true, error: undefined };

function replica(
  rows: readonly ProxyRow[],
  more: Partial<ReplicaView> = {},
  holding: Partial<Holding> = {},
): ReplicaView {
  return {
    name: 'istiod-1',
    holdings: new Map([['shop/bucket', { basis: 'new', since: HELD, at: NOW - SETTLE, ...holding }]]),
    proxies: Map.groupBy(rows, ({ id }) => id),
    clockAhead: 0,
    problem: undefined,
    failingSince: undefined,
    ...more,
  };
}

const seen = (replicas: readonly ReplicaView[], more: Partial<Quest> = {}) =>
  sightOf({ ...quest, ...more }, replicas, { now: NOW, settleMs: SETTLE });
const state = (...input: Parameters<typeof seen>) => seen(...input).proxies.get(PROXY)?.state;
const justHeld = { at: NOW - 100 };

describe('a proxy', () => {
  test('is current with acknowledged listeners, once its istiod has held the objects for longer than it gathers changes', () => {
    expect(state([replica([good])])).toBe('current');
    expect(state([replica([good], {}, justHeld)])).toBe('undecided');
  });

  test('is current at once with listeners made in a later second than the one in which istiod held the objects', () => {
    expect(state([replica([{ ...good, madeAt: HELD + 1_000 }], {}, justHeld)])).toBe('current');
    expect(state([replica([{ ...good, madeAt: HELD }], {}, justHeld)])).toBe('undecided');
  });

  test('is behind without an acknowledgement, and where it was sent nothing', () => {
    expect(state([replica([{ ...good, acknowledged: false }])])).toBe('behind');
    expect(state([replica([{ ...good, madeAt: undefined }])])).toBe('behind');
  });

  test('is behind with listeners from before the objects were written, however long ago istiod had them', () => {
    const writtenAt = HELD - 1_000;
    expect(state([replica([{ ...good, madeAt: HELD - 5_000 }])], { writtenAt })).toBe('behind');
    expect(state([replica([{ ...good, madeAt: HELD - 1_000 }])], { writtenAt })).toBe('current');
  });

  test('is judged by the clock of its istiod, wherever that one stands', () => {
    const hour = 3_600_000;
    const ahead = { clockAhead: hour };
    expect(state([replica([good], ahead)], { writtenAt: HELD - hour - 10_000 })).toBe('current');
    expect(state([replica([good], ahead)], { writtenAt: HELD - hour })).toBe('behind');
  });

  test('rejects when Envoy says so, also right after the change', () => {
    const row = { ...good, acknowledged: false, error: 'no' };
    expect(seen([replica([row], {}, justHeld)], { since: NOW }).proxies.get(PROXY)).toEqual({
      state: 'rejecting',
      error: 'no',
    });
  });

  test('is uninformed where its istiod holds other objects', () => {
    expect(state([replica([good], { name: 'b' }, { basis: 'old' })])).toBe('uninformed');
    expect(state([replica([good], { holdings: new Map() })])).toBe('uninformed');
  });

  test('is missing when no replica knows it', () => {
    expect(state([replica([])])).toBe('missing');
    expect(state([])).toBe('missing');
  });

  test.each<[string, readonly ReplicaView[]]>([
    ['behind', [replica([{ ...good, acknowledged: false }])]],
    ['missing', [replica([])]],
    ['uninformed', [replica([good], {}, { basis: 'old' })]],
  ])('is not called %s in the first moments', (_state, replicas) => {
    expect(state(replicas, { since: NOW - 1_000 })).toBe('undecided');
  });

  test('is not called missing while a replica fails that failed only now', () => {
    const fails = (failingSince: number) => replica([], { name: 'b', problem: 'unreachable', failingSince });
    expect(state([replica([]), fails(NOW - 1_000)])).toBe('undecided');
    const later = seen([replica([]), fails(NOW - SETTLE)]);
    expect(later.proxies.get(PROXY)?.state).toBe('missing');
    expect(later.unasked).toEqual([{ replica: 'b', problem: 'unreachable' }]);
  });
});

describe('several replicas', () => {
  test('each speak for their own proxies: only the one that a proxy is connected to must hold the objects', () => {
    const other = replica([], { name: 'b' }, { basis: 'old' });
    expect(state([other, replica([good])])).toBe('current');
  });

  test('that both know a proxy, which moved, are believed only when they agree', () => {
    const before = replica([{ ...good, acknowledged: false }], { name: 'b' });
    expect(state([replica([good]), before])).toBe('behind');
    expect(state([replica([good]), replica([good], { name: 'b' }, { basis: 'old' })])).toBe('uninformed');
  });

  test('that are none leave every question open', () => {
    expect(seen([]).unasked).toEqual([{ replica: 'istiod', problem: 'not_found' }]);
  });
});
