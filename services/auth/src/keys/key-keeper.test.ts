import { randomBytes } from 'node:crypto';
import { settle } from '@sekisho/kube/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { breakable, HOUR, keeperFixture, pass, rules, SECOND, timing, unavailable } from '../testing/key-keepers.ts';
import type { Spread } from './rotation.ts';

const setUp = () => keeperFixture(onTestFinished);
/** The first key and the one that waits beside it; that one in its place, and another that waits; the first one's end. */
const ROTATED = ['start', 'prepare', 'promote', 'prepare', 'retire'];

describe('a keeper of keys', () => {
  test('makes the first key and finds it again', async () => {
    const { keeper, journal } = setUp();
    const first = keeper();
    await first.look();
    const second = keeper();
    await second.look();
    expect(second.ring.active.kid).toBe(first.ring.active.kid);
    expect(second.ring.published).toEqual(first.ring.published);
    expect(second.ring.published.keys[0]).toEqual(first.ring.active.publicJwk);
    expect(journal).toEqual(['start', 'prepare']);
  });

  test('agrees with others that start at the same time', async () => {
    const { keeper, store } = setUp();
    const keepers = Array.from({ length: 5 }, () => keeper());
    await Promise.all(keepers.map((one) => one.look()));
    expect(new Set(keepers.map(({ ring }) => ring.active.kid)).size).toBe(1);
    expect(store.rows.size).toBe(2);
  });

  test('publishes a new key, signs with it later, and erases the old one when its tokens are over', async () => {
    const { clock, keeper, store, journal, state } = setUp();
    const one = keeper();
    await one.look();
    const old = one.ring.active.kid;
    one.start();
    await one.rotate();
    await one.rotate();
    const [, next = ''] = store.rows.keys();
    expect(one.ring.published.keys.map(({ kid }) => kid)).toEqual([old, next]);
    await pass(clock, rules.publishMs - 60 * SECOND);
    expect(one.ring.active.kid).toBe(old);
    await pass(clock, 120 * SECOND);
    expect(one.ring.active.kid).toBe(next);
    expect(state(old)).toBe('retiring');
    await pass(clock, rules.longestTokenMs);
    expect(one.ring.published.keys).toHaveLength(3);
    await pass(clock, timing.settleMs + 180 * SECOND);
    const [, , following = ''] = store.rows.keys();
    expect(one.ring.published.keys.map(({ kid }) => kid)).toEqual([next, following]);
    expect(store.rows.get(old)).toMatchObject({ state: 'retired', sealed: new Uint8Array() });
    expect(journal.filter((entry) => entry !== 'publishing')).toEqual(ROTATED);
  });

  test('rotates by itself at the end of the period, once among several', async () => {
    const { clock, keeper, journal } = setUp();
    const keepers = [keeper(), keeper({ random: () => 0.9 })];
    for (const one of keepers) await one.look();
    for (const one of keepers) one.start();
    await pass(clock, rules.periodMs + rules.publishMs + HOUR, { loops: 2, stepMs: 20 * SECOND });
    expect(journal.filter((entry) => entry !== 'publishing')).toEqual(ROTATED);
    expect(new Set(keepers.map(({ ring }) => ring.active.kid)).size).toBe(1);
  });

  test('keeps to the old key for as long as the new one is not held by all', async () => {
    const { clock, keeper, journal } = setUp();
    let answer: Spread = { kind: 'missing', reason: 'unreachable' };
    const asked: string[] = [];
    const spread = async (kid: string) => {
      asked.push(kid);
      return answer;
    };
    const one = keeper({ spread });
    await one.look();
    const old = one.ring.active.kid;
    expect(asked).toEqual([]);
    await one.rotate();
    one.start();
    await pass(clock, 2 * HOUR, { stepMs: 30 * SECOND });
    expect(one.ring.active.kid).toBe(old);
    expect(journal.at(-1)).toBe('unreachable');
    answer = { kind: 'held', forMs: HOUR };
    await pass(clock, 60 * SECOND);
    expect(one.ring.active.kid).toBe(asked[0]);
  });

  test('goes over to another algorithm in the same stages, once another one than the new waits no more', async () => {
    const { clock, keeper } = setUp();
    await keeper().look();
    const one = keeper({ rules: { ...rules, alg: 'RS256' } });
    await one.look();
    expect(one.ring.published.keys.map(({ alg }) => alg)).toEqual(['ES256', 'ES256']);
    await clock.advance(timing.settleMs + timing.cacheMs);
    await one.look();
    expect(one.ring.published.keys.map(({ alg }) => alg)).toEqual(['ES256', 'RS256']);
    expect(one.ring.active.publicJwk.alg).toBe('ES256');
    await clock.advance(rules.publishMs);
    await one.look();
    expect(one.ring.active.publicJwk.alg).toBe('RS256');
  });

  test('notes that it signs longer-living tokens', async () => {
    const { keeper, store } = setUp();
    await keeper().look();
    await keeper({ rules: { ...rules, longestTokenMs: HOUR } }).look();
    await keeper().look();
    expect([...store.rows.values()].map(({ longestTokenMs }) => longestTokenMs)).toEqual([HOUR, HOUR]);
  });

  test('seals again what a previous encryption key sealed', async () => {
    const { keeper } = setUp();
    const [before, after] = [randomBytes(32), randomBytes(32)];
    await keeper({ encryptionKeys: { current: before, previous: [] } }).look();
    const both = keeper({ encryptionKeys: { current: after, previous: [before] } });
    await both.look();
    const one = keeper({ encryptionKeys: { current: after, previous: [] } });
    await one.look();
    expect(one.ring.active.kid).toBe(both.ring.active.kid);
    await expect(keeper({ encryptionKeys: { current: before, previous: [] } }).look()).rejects.toMatchObject({
      code: 'key_unreadable',
    });
  });
});

describe('without its database', () => {
  test('a keeper goes on for a bounded time, then signs nothing, and recovers by itself', async () => {
    const { clock, store, keeper, failures } = setUp();
    const broken = breakable(store);
    const one = keeper({ store: broken });
    await one.look();
    one.start();
    broken.isBroken = true;
    await pass(clock, timing.pollMs);
    expect(one.ring.active).toBeDefined();
    await pass(clock, timing.staleMs);
    expect(() => one.ring.active).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(failures).toContain(unavailable);
    broken.isBroken = false;
    await pass(clock, timing.pollMs);
    expect(one.ring.active).toBeDefined();
  });

  test('it cannot start', async () => {
    const { store, keeper } = setUp();
    const broken = Object.assign(breakable(store), { isBroken: true });
    await expect(keeper({ store: broken }).look()).rejects.toBe(unavailable);
  });
});

test('a keeper that was stopped looks no more and leaves no timer', async () => {
  const { clock, store, keeper } = setUp();
  const one = keeper();
  await one.look();
  one.start();
  await settle();
  expect(clock.pending).toHaveLength(1);
  await one.stop();
  expect(clock.pending).toEqual([]);
  store.read = () => Promise.reject(new Error('read after the end'));
  await clock.advance(HOUR);
});
