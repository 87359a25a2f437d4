import { regionOfKid } from '@sekisho/tokens';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HOUR, keeperFixture, rules, SECOND, timing } from '../testing/key-keepers.ts';
import { memoryKeys } from '../testing/memory-keys.ts';
import type { KeyKeeper } from './key-keeper.ts';
import { LiveKeyRing } from './key-ring.ts';
import type { KeysRead } from './key-store.ts';
import type { KeyRegion } from './region.ts';

const NAMES = ['eu', 'us'];
const unavailable = expect.objectContaining({ code: 'unavailable' });

function setUp(names: readonly string[] = NAMES) {
  const { clock, store, keeper, ...fixture } = keeperFixture(onTestFinished);
  const lost: string[] = [];
  const regions = names.map(
    (name, at): KeyRegion => ({ name, others: names.filter((other) => other !== name), isFirst: at === 0 }),
  );
  const inRegion = (at: number, more: Parameters<typeof keeper>[0] = {}) => {
    const region = regions[at];
    if (region === undefined) throw new Error('no such region');
    const own = memoryKeys(() => clock.now(), { region, rows: store.rows });
    return keeper({ store: own, region, lostRegions: () => lost, ...more });
  };
  /** Everybody looks, as often as they do. */
  const pass = async (ms: number, keepers: readonly KeyKeeper[]) => {
    for (let passed = 0; passed < ms; passed += timing.pollMs) {
      for (const one of keepers) await one.look();
      await clock.advance(timing.pollMs);
    }
    for (const one of keepers) await one.look();
  };
  return { clock, store, keeper, inRegion, lost, pass, ...fixture };
}

const kidsOf = ({ ring }: KeyKeeper<LiveKeyRing>) => ring.published.keys.map(({ kid }) => kid);

describe('two regions', () => {
  test('sign with keys of their own, named after them, and publish those of both', async () => {
    const { inRegion } = setUp();
    const [eu, us] = [inRegion(0), inRegion(1)];
    for (const one of [eu, us, eu]) await one.look();
    expect([eu, us].map(({ ring }) => regionOfKid(ring.active.kid))).toEqual(NAMES);
    expect(kidsOf(eu)).toHaveLength(4);
    expect(kidsOf(us).sort()).toEqual(kidsOf(eu).sort());
    expect(eu.ring.published.keys).toContainEqual(us.ring.active.publicJwk);
  });

  test('open none of the other, with another encryption key', async () => {
    const { inRegion, unreadable, failures } = setUp();
    const us = inRegion(1, { encryptionKeys: { current: Buffer.alloc(32, 9), previous: [] } });
    for (const one of [inRegion(0), us]) await one.look();
    expect([unreadable, failures]).toEqual([[], []]);
    expect(regionOfKid(us.ring.active.kid)).toBe('us');
  });

  test('rotate when the other holds the key that waits, and only their own', async () => {
    const { inRegion, pass, journal } = setUp();
    const [eu, us] = [inRegion(0), inRegion(1)];
    await pass(0, [eu, us]);
    const [before, other] = [eu.ring.active.kid, us.ring.active.kid];
    await eu.rotate();
    await pass(rules.publishMs + HOUR, [eu]);
    expect(eu.ring.active.kid).toBe(before);
    expect(journal.at(-1)).toBe('region_behind');
    await pass(rules.publishMs + 60 * SECOND, [us]);
    await eu.look();
    expect(eu.ring.active.kid).not.toBe(before);
    await us.look();
    expect(kidsOf(us)).toEqual(expect.arrayContaining(kidsOf(eu)));
    expect(us.ring.active.kid).toBe(other);
  });

  test('do not wait for one that is given up', async () => {
    const { inRegion, pass, lost } = setUp();
    const [eu, us] = [inRegion(0), inRegion(1)];
    await pass(0, [eu, us]);
    const before = eu.ring.active.kid;
    await eu.rotate();
    await pass(rules.publishMs + HOUR, [eu]);
    lost.push('us');
    await eu.look();
    expect(eu.ring.active.kid).not.toBe(before);
  });

  test('lose the key of one alone, whoever reports it', async () => {
    const { inRegion } = setUp();
    const [eu, us] = [inRegion(0), inRegion(1)];
    for (const one of [eu, us, eu]) await one.look();
    const [compromised, other] = [us.ring.active.kid, eu.ring.active.kid];
    await eu.compromise(compromised);
    expect(kidsOf(eu)).not.toContain(compromised);
    expect(eu.ring.active.kid).toBe(other);
    await us.look();
    expect(us.ring.active.kid).not.toBe(compromised);
    expect(regionOfKid(us.ring.active.kid)).toBe('us');
  });

  test('pass over a key of the other that they cannot read, and do not say that they hold it', async () => {
    const { inRegion, store, unreadable, pass } = setUp();
    const [eu, us] = [inRegion(0), inRegion(1)];
    await pass(0, [us, eu]);
    const next = [...store.rows.values()].find(({ region, state }) => region === 'us' && state === 'next');
    if (next === undefined) throw new Error('no key waits');
    store.rows.set(next.kid, { ...next, publicJwk: eu.ring.active.publicJwk });
    await pass(rules.publishMs + HOUR, [eu]);
    expect(unreadable).toContain(next.kid);
    expect(kidsOf(eu)).not.toContain(next.kid);
    expect([...next.holders.values()].filter(({ holds }) => holds)).toEqual([]);
    expect(eu.ring.active).toBeDefined();
  });
});

test('a region that joins others serves at once, and signs when they hold its first key', async () => {
  const { inRegion, pass, journal } = setUp();
  const [eu, us] = [inRegion(0), inRegion(1)];
  await pass(rules.publishMs + HOUR, [eu]);
  await us.look();
  expect(() => us.ring.active).toThrow(unavailable);
  us.ring.assertServing();
  expect(kidsOf(us)).toHaveLength(3);
  await pass(rules.publishMs + 60 * SECOND, [us]);
  expect(() => us.ring.active).toThrow(unavailable);
  expect(journal.at(-1)).toBe('region_behind');
  await pass(rules.publishMs + 60 * SECOND, [eu, us]);
  expect(regionOfKid(us.ring.active.kid)).toBe('us');
  expect(kidsOf(eu)).toContain(us.ring.active.kid);
});

test('a ring without any key does not serve', async () => {
  const { inRegion } = setUp();
  const eu = inRegion(0);
  expect(() => eu.ring.assertServing()).toThrow(unavailable);
  await eu.look();
  eu.ring.assertServing();
});

test('the first region goes on with the key from before there were regions, until all hold one of its own', async () => {
  const { clock, keeper, inRegion, pass, state } = setUp();
  const single = keeper();
  await single.look();
  const before = single.ring.active.kid;
  await clock.advance(HOUR);
  const [eu, us] = [inRegion(0), inRegion(1, { encryptionKeys: { current: Buffer.alloc(32, 9), previous: [] } })];
  await pass(0, [eu, us, single]);
  expect(eu.ring.active.kid).toBe(before);
  expect(kidsOf(us)).toContain(before);
  await pass(2 * rules.publishMs, [eu, us]);
  expect(regionOfKid(eu.ring.active.kid)).toBe('eu');
  expect(regionOfKid(us.ring.active.kid)).toBe('us');
  expect(state(before)).toBe('retiring');
  await pass(rules.longestTokenMs + timing.settleMs + 180 * SECOND, [eu, us]);
  expect(state(before)).toBe('retired');
});

test('regions that were taken back and set up again let go of the key that was made meanwhile', async () => {
  const { keeper, inRegion, pass } = setUp(['eu']);
  const eu = inRegion(0);
  await pass(0, [eu]);
  const regional = eu.ring.active.kid;
  const single = keeper();
  await single.look();
  const meanwhile = single.ring.active.kid;
  expect(single.ring.published.keys.map(({ kid }) => kid)).toContain(regional);
  await eu.look();
  expect(eu.ring.active.kid).toBe(regional);
  expect(kidsOf(eu)).toContain(meanwhile);
  await pass(rules.longestTokenMs + timing.settleMs + 180 * SECOND, [eu]);
  expect(kidsOf(eu)).not.toContain(meanwhile);
});

describe('with a replica of the database alone', () => {
  /** Reads as a replica shows it. */
  function setUpReplica() {
    const fixture = setUp(['eu']);
    const own = memoryKeys(() => fixture.clock.now(), {
      region: { name: 'eu', others: [], isFirst: true },
      rows: fixture.store.rows,
    });
    const state: { behindMs: number | undefined; shown?: KeysRead } = { behindMs: undefined };
    const read = async () => state.shown ?? (await own.read());
    const refuse = () => Promise.reject(new Error('a replica takes no change'));
    const store = {
      ...own,
      read: async () => ({ ...(await read()), ...(state.behindMs !== undefined && { behindMs: state.behindMs }) }),
      note: (...args: Parameters<typeof own.note>) => (state.behindMs === undefined ? own.note(...args) : refuse()),
      promote: (...args: Parameters<typeof own.promote>) =>
        state.behindMs === undefined ? own.promote(...args) : refuse(),
      unrevoked: () => (state.behindMs === undefined ? own.unrevoked() : refuse()),
    };
    const cutOffMs = 24 * HOUR;
    return {
      ...fixture,
      state,
      own,
      cutOffMs,
      eu: (encryptionKeys = { current: Buffer.alloc(32, 1), previous: [] }) =>
        fixture.inRegion(0, {
          store,
          encryptionKeys,
          ring: new LiveKeyRing({ encryptionKeys, clock: fixture.clock, staleMs: timing.staleMs, cutOffMs }),
        }),
    };
  }

  test('a region goes on for a day, changes nothing, and goes on as before when the primary is back', async () => {
    const { state, cutOffMs, eu: open, pass, failures } = setUpReplica();
    const eu = open();
    await pass(0, [eu]);
    const { kid } = eu.ring.active;
    await eu.rotate();
    state.behindMs = 0;
    await pass(cutOffMs - HOUR, [eu]);
    expect(eu.ring.active.kid).toBe(kid);
    expect(kidsOf(eu)).toContain(kid);
    expect((await eu.live()).wanted).toBeUndefined();
    await pass(HOUR + timing.pollMs, [eu]);
    expect(() => eu.ring.active).toThrow(unavailable);
    expect(() => eu.ring.published).toThrow(unavailable);
    state.behindMs = undefined;
    await pass(timing.pollMs, [eu]);
    expect(eu.ring.active).toBeDefined();
    expect(failures).toEqual([]);
  });

  test('a key that the primary took out of use does not come back with what the replica still shows', async () => {
    const { clock, own, state, eu: open } = setUpReplica();
    const eu = open();
    await eu.look();
    const before = await own.read();
    const { kid } = eu.ring.active;
    await clock.advance(SECOND);
    await eu.compromise(kid);
    const successor = eu.ring.active.kid;
    await clock.advance(SECOND);
    Object.assign(state, { behindMs: clock.now() - before.now, shown: { ...before, now: clock.now() } });
    await eu.look();
    expect(eu.ring.active.kid).toBe(successor);
    expect(kidsOf(eu)).not.toContain(kid);
    expect((await eu.live()).keys.map((key) => key.kid)).not.toContain(kid);
    state.behindMs = 0;
    state.shown = { ...(await own.read()), keys: [] };
    await eu.look();
    expect(kidsOf(eu)).toEqual([]);
  });

  test('a process begins by what the replica shows, if that is of the last day', async () => {
    const { state, eu: open, pass } = setUpReplica();
    await pass(0, [open()]);
    state.behindMs = 23 * HOUR;
    const eu = open();
    await eu.look();
    expect(eu.ring.active).toBeDefined();
    await pass(HOUR + timing.pollMs, [eu]);
    expect(() => eu.ring.active).toThrow(unavailable);
    state.behindMs = Number.POSITIVE_INFINITY;
    const unknown = open();
    await unknown.look();
    expect(() => unknown.ring.published).toThrow(unavailable);
  });
});
