import { randomBytes } from 'node:crypto';
import { FakeClock } from '@sekisho/kube/testing';
import { generateSigningKey, type SigningAlgorithm } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { rules, SECOND, timing } from '../testing/key-keepers.ts';
import { memoryKeys } from '../testing/memory-keys.ts';
import { KeyKeeper } from './key-keeper.ts';
import { PublicKeyRing } from './public-key-ring.ts';
import type { Step } from './rotation.ts';
import type { SealedKey } from './signer-ring.ts';

const unwanted = { code: 'key_unwanted' };
const CUT_OFF_MS = 86_400 * SECOND;

async function made(alg: SigningAlgorithm = 'ES256'): Promise<SealedKey> {
  return { publicJwk: (await generateSigningKey(alg)).publicJwk, sealed: randomBytes(100) };
}

function setUp() {
  const clock = new FakeClock();
  const store = memoryKeys(() => clock.now());
  const journal: Step['kind'][] = [];
  const keeper = () =>
    new KeyKeeper({
      store,
      ring: new PublicKeyRing(clock, timing),
      rules: { ...rules, longestTokenMs: 300 * SECOND, cutOffMs: CUT_OFF_MS },
      timing,
      spread: async () => ({ kind: 'unreported' }),
      revokeKey: async () => undefined,
      observer: {
        seen: (_, __, { kind }) => void journal.push(kind),
        done: ({ kind }) => void journal.push(kind),
        compromised: () => undefined,
        unreadable: () => undefined,
        failed: () => undefined,
      },
      clock,
      random: () => 0.5,
    });
  const states = () => [...store.rows.values()].map(({ state }) => state);
  return { clock, store, keeper, states, journal };
}

describe('keys of a signer that makes them itself', () => {
  test('are wanted and waited for, and never made here', async () => {
    const { keeper, states, journal } = setUp();
    const one = keeper();
    await one.look();
    expect(states()).toEqual([]);
    expect(one.ring.published).toEqual({ keys: [] });
    expect(await one.live()).toMatchObject({ keys: [], wanted: 'ES256' });
    expect(journal).toEqual(['rest']);
  });

  test('are taken in while they are wanted: one that signs, and one in wait', async () => {
    const { keeper, store, states } = setUp();
    const one = keeper();
    const [first, second, third] = [await made(), await made(), await made()];
    await one.offer(first);
    await one.offer(second);
    expect(states()).toEqual(['active', 'next']);
    expect(one.ring.published.keys).toEqual([first.publicJwk, second.publicJwk]);
    const { keys, wanted } = await one.live();
    expect(wanted).toBeUndefined();
    expect(keys.map(({ sealed, publicJwk }) => ({ sealed, publicJwk }))).toEqual([first, second]);
    await expect(one.offer(third)).rejects.toMatchObject(unwanted);
    expect(store.rows.size).toBe(2);
  });

  test('may be offered again, which changes nothing, not even how they are sealed', async () => {
    const { keeper, store } = setUp();
    const one = keeper();
    const key = await made();
    await one.offer(key);
    await one.offer({ ...key, sealed: randomBytes(100) });
    expect(store.rows.get(key.publicJwk.kid)?.sealed).toBe(key.sealed);
    expect(store.rows.size).toBe(1);
  });

  test('come from the one who was first, whoever asks whom', async () => {
    const { keeper, states } = setUp();
    const keepers = [keeper(), keeper()];
    const keys = await Promise.all(Array.from({ length: 6 }, () => made()));
    const offers = await Promise.allSettled(keys.map((key, at) => keepers[at % 2]?.offer(key)));
    const refused = offers.flatMap((offer) => (offer.status === 'rejected' ? [offer.reason] : []));
    for (const reason of refused) expect(reason).toMatchObject(unwanted);
    expect(states().sort()).toEqual(['active', 'next'].slice(0, 6 - refused.length));
    expect(refused.length).toBeGreaterThanOrEqual(4);
  });

  test('are not taken back once they were taken out', async () => {
    const { keeper } = setUp();
    const one = keeper();
    const key = await made();
    await one.offer(key);
    await one.compromise(key.publicJwk.kid);
    await expect(one.offer(key)).rejects.toMatchObject(unwanted);
    expect(one.ring.published).toEqual({ keys: [] });
  });

  test('must be of the algorithm that is wanted', async () => {
    const { keeper, states } = setUp();
    await expect(keeper().offer(await made('RS256'))).rejects.toMatchObject(unwanted);
    expect(states()).toEqual([]);
  });

  test('rotate here, and stay published for as long as the signer may be cut off', async () => {
    const { clock, keeper, states } = setUp();
    const one = keeper();
    const [old, next] = [await made(), await made()];
    await one.offer(old);
    await one.offer(next);
    await clock.advance(rules.publishMs);
    await one.rotate();
    expect(states()).toEqual(['retiring', 'active']);
    const { keys, wanted } = await one.live();
    expect(wanted).toBe('ES256');
    expect(keys.map(({ kid }) => kid)).toEqual([old.publicJwk.kid, next.publicJwk.kid]);
    await clock.advance(CUT_OFF_MS + 300 * SECOND);
    await one.look();
    expect(one.ring.published.keys).toHaveLength(2);
    await clock.advance(timing.settleMs + 120 * SECOND);
    await one.look();
    expect(one.ring.published.keys).toEqual([next.publicJwk]);
  });
});

describe('what is published of them', () => {
  test('is not told once it is too old', async () => {
    const { clock, keeper } = setUp();
    const one = keeper();
    await one.look();
    await clock.advance(timing.staleMs + 1);
    expect(() => one.ring.published).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  test('is another object only when there are other keys', async () => {
    const { keeper } = setUp();
    const one = keeper();
    await one.offer(await made());
    const before = one.ring.published;
    await one.look();
    expect(one.ring.published).toBe(before);
    await one.offer(await made());
    expect(one.ring.published).not.toBe(before);
  });

  test('is what it says, whoever wrote it into the table', async () => {
    const { keeper, store } = setUp();
    const one = keeper();
    const [key, other] = [await made(), await made()];
    await one.offer(key);
    const row = store.rows.get(key.publicJwk.kid);
    if (row === undefined) throw new Error('the key was not taken in');
    for (const publicJwk of [undefined, other.publicJwk]) {
      store.rows.set(row.kid, { ...row, publicJwk });
      await expect(one.look()).rejects.toMatchObject({ code: 'key_unreadable' });
      expect(one.ring.published.keys).toEqual([key.publicJwk]);
    }
  });
});
