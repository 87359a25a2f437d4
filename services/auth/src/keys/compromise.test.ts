import { describe, expect, onTestFinished, test } from 'vitest';
import { AuthError } from '../errors.ts';
import { keeperFixture, pass, SECOND } from '../testing/key-keepers.ts';

const setUp = () => keeperFixture(onTestFinished);

describe('a compromised key', () => {
  test('that signs is replaced at once by the one in wait, and all it signed is revoked', async () => {
    const { keeper, store, state, journal } = setUp();
    const revoked: string[] = [];
    const one = keeper({ revokeKey: async (kid) => void revoked.push(kid) });
    await one.look();
    const [old = '', next = ''] = store.rows.keys();
    expect(one.ring.published.keys.map(({ kid }) => kid)).toEqual([old, next]);
    await one.compromise(old);
    expect(one.ring.active.kid).toBe(next);
    const [, , another = ''] = store.rows.keys();
    expect(one.ring.published.keys.map(({ kid }) => kid)).toEqual([next, another]);
    expect(state(old)).toBe('retired');
    expect(revoked).toEqual([old]);
    expect(journal).toEqual(['start', 'prepare', 'compromised', 'promote', 'prepare']);
  });

  test('is replaced by a new one when there is none in wait', async () => {
    const { keeper, store, journal } = setUp();
    const one = keeper();
    await one.look();
    const [old = '', next = ''] = store.rows.keys();
    await store.compromise(next);
    await one.compromise(old);
    expect([old, next]).not.toContain(one.ring.active.kid);
    expect(journal).toEqual(['start', 'prepare', 'compromised', 'start', 'prepare']);
  });

  test('that does not sign only goes, and another one waits in its place', async () => {
    const { keeper, store, state } = setUp();
    const one = keeper();
    await one.look();
    const [old = '', next = ''] = store.rows.keys();
    await one.compromise(next);
    expect(one.ring.active.kid).toBe(old);
    expect([...store.rows.keys()].map(state)).toEqual(['active', 'retired', 'next']);
  });

  test('is revoked at once, also while the primary of the database takes changes and its replica is still read', async () => {
    const { keeper, store } = setUp();
    await keeper().look();
    const revoked: string[] = [];
    const ofReplica = { ...store, read: async () => ({ ...(await store.read()), behindMs: 0 }) };
    const one = keeper({ store: ofReplica, revokeKey: async (kid) => void revoked.push(kid) });
    await one.look();
    const { kid } = one.ring.active;
    await one.compromise(kid);
    expect(revoked).toEqual([kid]);
  });

  test('is revoked by whoever looks next, until that succeeds', async () => {
    const { clock, keeper, failures } = setUp();
    const revoked: string[] = [];
    const one = keeper({ revokeKey: () => Promise.reject(new AuthError('unavailable', 'Redis is away')) });
    await one.look();
    const old = one.ring.active.kid;
    await expect(one.compromise(old)).rejects.toMatchObject({ code: 'unavailable' });
    expect(one.ring.active.kid).not.toBe(old);
    one.start();
    await pass(clock, 60 * SECOND);
    expect(failures.length).toBeGreaterThan(0);
    expect(one.ring.active).toBeDefined();
    const other = keeper({ revokeKey: async (kid) => void revoked.push(kid) });
    other.start();
    await pass(clock, 120 * SECOND, { loops: 2 });
    expect(revoked).toEqual([old]);
  });

  test('that nobody knows is refused', async () => {
    const { keeper } = setUp();
    await expect(keeper().compromise('unknown')).rejects.toMatchObject({ code: 'key_unknown' });
  });
});
