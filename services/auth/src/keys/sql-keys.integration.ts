import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { keyStoreKinds, newKey, type OpenKeyStores } from '../testing/key-stores.ts';
import type { KeyStore } from './key-store.ts';

/** PGlite compiles its engine first. */
const OPEN_MS = 240_000;

describe.each(keyStoreKinds(inject('postgresUrl')))('signing keys in $name', (kind) => {
  let opened: OpenKeyStores;
  let store: KeyStore;
  beforeAll(async () => {
    opened = await kind.open();
    ({ store } = opened);
  }, OPEN_MS);
  beforeEach(async () => void (await opened.empty()));
  afterAll(() => opened.close());

  const states = async () => (await store.read()).keys.map(({ kid, state }) => `${kid} ${state}`);

  test('are none at first, at some time', async () => {
    const { now, keys } = await store.read();
    expect(keys).toEqual([]);
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
  });

  test('are read as they were written, with when they came into their state', async () => {
    const begun = performance.now();
    await store.start(newKey('a'));
    const { now, keys } = await store.read();
    const tookMs = performance.now() - begun;
    const [key] = keys;
    expect(key).toMatchObject({ kid: 'a', alg: 'ES256', state: 'active', longestTokenMs: 1_000 });
    expect(Buffer.from(key?.sealed ?? [])).toEqual(Buffer.from('a'));
    expect(now - (key?.since ?? 0)).toBeGreaterThanOrEqual(0);
    expect(now - (key?.since ?? 0)).toBeLessThan(tookMs + 1_000);
  });

  test('have one that signs, whoever brings more', async () => {
    const made = await Promise.all(['a', 'b', 'c'].map((kid) => store.start(newKey(kid))));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await states()).toHaveLength(1);
  });

  test('have one that comes next, beside the one that signs', async () => {
    expect(await store.prepare(newKey('a'), 'nobody')).toBe(false);
    await store.start(newKey('a'));
    expect(await store.prepare(newKey('b'), 'other')).toBe(false);
    const made = await Promise.all(['b', 'c'].map((kid) => store.prepare(newKey(kid), 'a')));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await states()).toHaveLength(2);
  });

  test('change places once, whoever asks how often', async () => {
    await store.start(newKey('a'));
    await store.prepare(newKey('b'), 'a');
    const promoted = await Promise.all([1, 2, 3].map(() => store.promote('b', 'a')));
    expect(promoted.filter(Boolean)).toHaveLength(1);
    expect(await states()).toEqual(['a retiring', 'b active']);
  });

  test('do not change places in part', async () => {
    await store.start(newKey('a'));
    expect(await store.promote('b', 'a')).toBe(false);
    await store.prepare(newKey('b'), 'a');
    expect(await store.promote('b', 'other')).toBe(false);
    expect(await store.promote('b', undefined)).toBe(false);
    expect(await states()).toEqual(['a active', 'b next']);
  });

  test('follow when none signs', async () => {
    await store.start(newKey('a'));
    await store.prepare(newKey('b'), 'a');
    await store.compromise('a');
    expect(await store.promote('b', undefined)).toBe(true);
    expect(await states()).toEqual(['b active']);
  });

  test('are asked once to change places, and the next one is not asked itself', async () => {
    expect(await store.requestRotation()).toBe(false);
    await store.start(newKey('a'));
    await store.prepare(newKey('b'), 'a');
    const asked = await Promise.all([1, 2, 3].map(() => store.requestRotation()));
    expect(asked.filter(Boolean)).toHaveLength(1);
    const { now, keys } = await store.read();
    expect(keys.map(({ rotationRequestedAt }) => rotationRequestedAt)).toEqual([expect.any(Number), undefined]);
    expect(keys[0]?.rotationRequestedAt).toBeLessThanOrEqual(now);
    await store.promote('b', 'a');
    expect((await store.read()).keys.at(-1)).not.toHaveProperty('rotationRequestedAt');
  });

  test('leave the place in wait for another one, unless they sign already', async () => {
    await store.start(newKey('a'));
    await store.prepare(newKey('b'), 'a');
    expect([await store.discard('a'), await store.discard('b'), await store.discard('b')]).toEqual([
      false,
      true,
      false,
    ]);
    expect(await states()).toEqual(['a active']);
    expect(await store.prepare(newKey('b'), 'a')).toBe(false);
    expect(await store.prepare(newKey('c'), 'a')).toBe(true);
    expect(await store.history(10)).toContainEqual(expect.objectContaining({ kid: 'b', state: 'retired' }));
  });

  test('retire only after they signed, and keep nothing but name and times', async () => {
    await store.start(newKey('a'));
    await store.prepare(newKey('b'), 'a');
    expect([await store.retire('a'), await store.retire('b')]).toEqual([false, false]);
    await store.promote('b', 'a');
    expect([await store.retire('a'), await store.retire('a')]).toEqual([true, false]);
    expect(await states()).toEqual(['b active']);
    const [b, a] = await store.history(10);
    expect(b).toMatchObject({ kid: 'b', state: 'active', activatedAt: expect.any(Date) });
    expect(a).toEqual({
      kid: 'a',
      region: '',
      alg: 'ES256',
      state: 'retired',
      holders: [],
      createdAt: expect.any(Date),
      activatedAt: expect.any(Date),
      retiringAt: expect.any(Date),
      retiredAt: expect.any(Date),
    });
    expect(await store.history(1)).toHaveLength(1);
  });

  test('live for the longest token of all who sign', async () => {
    await store.start(newKey('a'));
    await store.prepare(newKey('b'), 'a');
    expect([await store.lengthen(5_000), await store.lengthen(4_000)]).toEqual([true, false]);
    expect((await store.read()).keys.map(({ longestTokenMs }) => longestTokenMs)).toEqual([5_000, 5_000]);
  });

  test('are sealed anew only if nobody was faster', async () => {
    await store.start(newKey('a'));
    const [key] = (await store.read()).keys;
    const sealed = key?.sealed ?? Buffer.of();
    expect(await store.reseal('a', sealed, Buffer.from('1'))).toBe(true);
    expect(await store.reseal('a', sealed, Buffer.from('2'))).toBe(false);
    expect(Buffer.from((await store.read()).keys[0]?.sealed ?? [])).toEqual(Buffer.from('1'));
  });

  test('that are compromised go at once, and stay a debt until they are revoked', async () => {
    await store.start(newKey('a'));
    expect(await store.compromise('nobody')).toBe(false);
    expect(await store.compromise('a')).toBe(true);
    expect(await states()).toEqual([]);
    expect(await store.unrevoked()).toEqual(['a']);
    await store.markRevoked('a');
    expect(await store.unrevoked()).toEqual([]);
    await store.compromise('a');
    expect(await store.unrevoked()).toHaveLength(1);
    expect(await store.history(10)).toMatchObject([{ kid: 'a', compromisedAt: expect.any(Date) }]);
  });
});
