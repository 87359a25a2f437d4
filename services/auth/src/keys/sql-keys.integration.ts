import { generateSigningKey } from '@sekisho/tokens';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type OpenDatabase, openDatabase } from '../database/open.ts';
import { memoryKeys } from '../testing/memory-keys.ts';
import { type DatabaseKind, databaseKinds } from '../testing/real-service.ts';
import type { KeyStore, NewKey } from './key-store.ts';
import type { KeyRegion } from './region.ts';
import { createSqlKeys } from './sql-keys.ts';

/** The tables ask nothing of it. */
const { publicJwk } = await generateSigningKey();
const newKey = (kid: string): NewKey => ({
  ...{ kid, alg: 'ES256', sealed: Buffer.from(kid), longestTokenMs: 1_000 },
  publicJwk: { ...publicJwk, kid },
});

interface Opened {
  readonly store: KeyStore;
  inRegion(region: KeyRegion): KeyStore;
  empty(): Promise<unknown>;
  close(): Promise<void>;
}

interface Kind {
  readonly name: string;
  open(): Promise<Opened>;
}

function sqlKind({ name, create }: DatabaseKind): Kind {
  return {
    name,
    async open() {
      const { url, remove } = await create();
      const { db, close }: OpenDatabase = await openDatabase({ url, onIdleError: () => undefined });
      const end = async () => {
        await close();
        await remove();
      };
      return {
        store: createSqlKeys(db, 'auth'),
        inRegion: (region) => createSqlKeys(db, 'auth', { region }),
        empty: () => db.deleteFrom('signing_keys').execute(),
        close: end,
      };
    },
  };
}

/** The double that unit tests use keeps the same conditions. */
const inMemory: Kind = {
  name: 'memory',
  async open() {
    const store = memoryKeys(Date.now);
    return {
      store,
      inRegion: (region) => memoryKeys(Date.now, { region, rows: store.rows }),
      empty: async () => store.rows.clear(),
      close: async () => undefined,
    };
  },
};

describe.each([inMemory, ...databaseKinds(inject('postgresUrl')).map(sqlKind)])('signing keys in $name', (kind) => {
  let opened: Awaited<ReturnType<Kind['open']>>;
  let store: KeyStore;
  beforeAll(async () => {
    opened = await kind.open();
    ({ store } = opened);
  });
  beforeEach(async () => void (await opened.empty()));
  afterAll(() => opened.close());

  const states = async () => (await store.read()).keys.map(({ kid, state }) => `${kid} ${state}`);

  test('are none at first, at some time', async () => {
    const { now, keys } = await store.read();
    expect(keys).toEqual([]);
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
  });

  test('are read as they were written, with when they came into their state', async () => {
    await store.start(newKey('a'));
    const { now, keys } = await store.read();
    const [key] = keys;
    expect(key).toMatchObject({ kid: 'a', alg: 'ES256', state: 'active', longestTokenMs: 1_000 });
    expect(Buffer.from(key?.sealed ?? [])).toEqual(Buffer.from('a'));
    expect(now - (key?.since ?? 0)).toBeGreaterThanOrEqual(0);
    expect(now - (key?.since ?? 0)).toBeLessThan(10_000);
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

  describe('in regions', () => {
    const eu: KeyRegion = { name: 'eu', others: ['us'], isFirst: true };
    const us: KeyRegion = { name: 'us', others: ['eu'], isFirst: false };
    let [inEu, inUs]: KeyStore[] = [];
    const stores = () => {
      if (inEu === undefined || inUs === undefined) throw new Error('not opened');
      return { inEu, inUs };
    };
    beforeAll(() => {
      [inEu, inUs] = [opened.inRegion(eu), opened.inRegion(us)];
    });
    const kidsOf = (keys: readonly { readonly kid: string; readonly state: string }[]) =>
      keys.map(({ kid, state }) => `${kid} ${state}`);

    test('are each in their place, and read by the others as theirs', async () => {
      const { inEu, inUs } = stores();
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
      const { inEu, inUs } = stores();
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
      const { inEu, inUs } = stores();
      await inEu.start(newKey('a'));
      expect([(await inEu.read()).hasSigned, (await inUs.read()).hasSigned]).toEqual([true, false]);
      expect(await inUs.prepare(newKey('b'), undefined)).toBe(true);
      expect((await inUs.read()).hasSigned).toBe(false);
      expect(await inUs.promote('b', undefined)).toBe(true);
      await inUs.compromise('b');
      expect((await inUs.read()).hasSigned).toBe(true);
    });

    test('are prepared without one that signs only if there is none', async () => {
      const { inEu } = stores();
      await inEu.start(newKey('a'));
      expect(await inEu.prepare(newKey('b'), undefined)).toBe(false);
    });

    test('go on with those from before there were regions, in the first alone', async () => {
      const { inEu, inUs } = stores();
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
      const { inEu } = stores();
      await store.start(newKey('a'));
      await inEu.prepare(newKey('b'), 'a');
      await inEu.promote('b', 'a');
      await store.start(newKey('c'));
      expect(kidsOf((await inEu.read()).keys)).toEqual(['b active', 'a retiring', 'c active']);
      expect([await inEu.relieve('c'), await inEu.relieve('c')]).toEqual([true, false]);
    });

    test('are noted by each region that publishes them, and then holds them, until they sign', async () => {
      const { inEu, inUs } = stores();
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
});
