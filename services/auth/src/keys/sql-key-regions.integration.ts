import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { keyStoreKinds, newKey, type OpenKeyStores } from '../testing/key-stores.ts';
import type { KeyStore } from './key-store.ts';
import type { KeyRegion } from './region.ts';

const EU: KeyRegion = { name: 'eu', others: ['us'], isFirst: true };
const US: KeyRegion = { name: 'us', others: ['eu'], isFirst: false };

/** PGlite compiles its engine first. */
const OPEN_MS = 240_000;

describe.each(keyStoreKinds(inject('postgresUrl')))('signing keys in regions in $name', (kind) => {
  let opened: OpenKeyStores;
  /** Of a replica that knows of no regions yet. */
  let store: KeyStore;
  let inEu: KeyStore;
  let inUs: KeyStore;
  beforeAll(async () => {
    opened = await kind.open();
    ({ store } = opened);
    [inEu, inUs] = [opened.inRegion(EU), opened.inRegion(US)];
  }, OPEN_MS);
  beforeEach(async () => void (await opened.empty()));
  afterAll(() => opened.close());

  const kidsOf = (keys: readonly { readonly kid: string; readonly state: string }[]) =>
    keys.map(({ kid, state }) => `${kid} ${state}`);

  test('are each in their place, and read by the others as theirs', async () => {
    expect([await inEu.start(newKey('a')), await inUs.start(newKey('b'))]).toEqual([true, true]);
    expect([await inEu.prepare(newKey('c'), 'b'), await inEu.prepare(newKey('c'), 'a')]).toEqual([false, true]);
    expect(await inUs.prepare(newKey('d'), 'b')).toBe(true);
    const { keys, others } = await inUs.read();
    expect([kidsOf(keys), kidsOf(others)]).toEqual([
      ['b active', 'd next'],
      ['a active', 'c next'],
    ]);
    expect(others[0]).toMatchObject({ region: 'eu', publicJwk: { kid: 'a' } });
    expect((await inEu.history(10)).map(({ region }) => region).sort()).toEqual(['eu', 'eu', 'us', 'us']);
  });

  test('are changed by none but their own, unless somebody else has them too', async () => {
    await inEu.start(newKey('a'));
    await inEu.prepare(newKey('b'), 'a');
    const attempts = [
      inUs.promote('b', 'a'),
      inUs.discard('b'),
      inUs.relieve('a'),
      inUs.lengthen(5_000),
      inUs.requestRotation(),
      inUs.reseal('a', Buffer.from('a'), Buffer.from('x')),
    ];
    expect(await Promise.all(attempts)).toEqual(attempts.map(() => false));
    await inEu.promote('b', 'a');
    expect(await inUs.retire('a')).toBe(false);
    expect(await inUs.compromise('b')).toBe(true);
    expect(await inEu.unrevoked()).toEqual(['b']);
    expect(kidsOf((await inEu.read()).keys)).toEqual(['a retiring']);
    await inUs.markRevoked('b');
    expect(await inEu.unrevoked()).toEqual([]);
  });

  test('say whether one of them ever signed', async () => {
    await inEu.start(newKey('a'));
    expect([(await inEu.read()).hasSigned, (await inUs.read()).hasSigned]).toEqual([true, false]);
    expect(await inUs.prepare(newKey('b'), undefined)).toBe(true);
    expect((await inUs.read()).hasSigned).toBe(false);
    expect(await inUs.promote('b', undefined)).toBe(true);
    await inUs.compromise('b');
    expect((await inUs.read()).hasSigned).toBe(true);
  });

  test('are prepared without one that signs only if there is none', async () => {
    await inEu.start(newKey('a'));
    expect(await inEu.prepare(newKey('b'), undefined)).toBe(false);
  });

  test('go on with those from before there were regions, in the first alone', async () => {
    await store.start(newKey('a'));
    await store.prepare(newKey('b'), 'a');
    expect(kidsOf((await inEu.read()).keys)).toEqual(['a active', 'b next']);
    expect(kidsOf((await inUs.read()).keys)).toEqual([]);
    expect(await inUs.discard('b')).toBe(false);
    expect(await inEu.discard('b')).toBe(true);
    expect(await inEu.prepare(newKey('c'), 'a')).toBe(true);
    // A replica that knows of no regions yet publishes what is made for them.
    expect(kidsOf((await store.read()).others)).toEqual(['c next']);
    expect(await inEu.promote('c', 'a')).toBe(true);
    const { keys } = await inEu.read();
    expect(keys.map(({ kid, region, state }) => [kid, region, state])).toEqual([
      ['c', 'eu', 'active'],
      ['a', '', 'retiring'],
    ]);
    expect(await inEu.retire('a')).toBe(true);
  });

  test('list first the one of the region where two sign, and let go of the other', async () => {
    await store.start(newKey('a'));
    await inEu.prepare(newKey('b'), 'a');
    await inEu.promote('b', 'a');
    await store.start(newKey('c'));
    expect(kidsOf((await inEu.read()).keys)).toEqual(['b active', 'a retiring', 'c active']);
    expect([await inEu.relieve('c'), await inEu.relieve('c')]).toEqual([true, false]);
  });

  test('are noted by each region that publishes them, and then holds them, until they sign', async () => {
    await inEu.start(newKey('a'));
    await inEu.prepare(newKey('b'), 'a');
    const notes = async (from: KeyStore) => {
      const { keys, others } = await from.read();
      return [...keys, ...others].find(({ kid }) => kid === 'b')?.holders;
    };
    expect(await notes(inEu)).toEqual([]);
    expect(await inUs.note('b', 'holds')).toBe(false);
    expect([await inUs.note('b', 'publishes'), await inUs.note('b', 'publishes')]).toEqual([true, false]);
    const [holder] = (await notes(inEu)) ?? [];
    expect(holder).toEqual({ region: 'us', since: expect.any(Number), holds: false });
    expect(Math.abs((holder?.since ?? 0) - (await inEu.read()).now)).toBeLessThan(60_000);
    expect([await inUs.note('b', 'holds'), await inUs.note('b', 'holds')]).toEqual([true, false]);
    expect(await notes(inEu)).toEqual([{ ...holder, holds: true }]);
    expect([await inUs.note('b', 'lacks'), await inUs.note('b', 'lacks')]).toEqual([true, false]);
    expect(await notes(inUs)).toEqual([holder]);
    expect([await inUs.note('a', 'publishes'), await inUs.note('nobody', 'publishes')]).toEqual([false, false]);
    await inEu.promote('b', 'a');
    expect(await notes(inUs)).toEqual([]);
  });
});
