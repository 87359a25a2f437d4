import { randomBytes } from 'node:crypto';
import { momentOf } from '@sekisho/kube';
import { FakeClock } from '@sekisho/kube/testing';
import type { EncryptionKeys } from '@sekisho/tokens';
import { generateSigningKey, openSigningKey, sealSigningKey } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { LiveKeyRing } from './key-ring.ts';
import type { StoredKey } from './key-store.ts';

const encryptionKeys: EncryptionKeys = { current: randomBytes(32), previous: [] };
const staleMs = 10_000;

async function stored(state: StoredKey['state'], by = encryptionKeys.current): Promise<StoredKey> {
  const key = await generateSigningKey();
  const sealed = sealSigningKey(key, by);
  const { kid, publicJwk } = key;
  return { kid, region: '', alg: 'ES256', state, since: 0, longestTokenMs: 900_000, sealed, publicJwk, holders: [] };
}

function setUp(keys = encryptionKeys) {
  const clock = new FakeClock();
  const ring = new LiveKeyRing({ encryptionKeys: keys, clock, staleMs });
  return { clock, ring, load: (...loaded: StoredKey[]) => ring.load(loaded, [], { at: momentOf(clock) }) };
}

const unavailable = expect.objectContaining({ code: 'unavailable' });
const unreadable = expect.objectContaining({ code: 'key_unreadable' });

describe('a key ring', () => {
  test('publishes keys of every state and signs with the active one', async () => {
    const { ring, load } = setUp();
    const keys = [await stored('retiring'), await stored('active'), await stored('next')];
    await load(...keys);
    expect(ring.active.kid).toBe(keys[1]?.kid);
    expect(ring.published.keys.map(({ kid }) => kid)).toEqual(keys.map(({ kid }) => kid));
    expect(JSON.stringify(ring.published)).not.toContain('"d"');
  });

  test('signs and publishes nothing before it was loaded', () => {
    const { ring } = setUp();
    expect(() => ring.active).toThrow(unavailable);
    expect(() => ring.published).toThrow(unavailable);
    expect(ring.jwks).toEqual({ keys: [] });
  });

  test('signs nothing without an active key, and goes on publishing', async () => {
    const { ring, load } = setUp();
    await load(await stored('retiring'));
    expect(() => ring.active).toThrow(unavailable);
    expect(ring.published.keys).toHaveLength(1);
  });

  test('neither signs nor publishes when it may not know the latest keys, but still verifies', async () => {
    const { clock, ring, load } = setUp();
    const key = await stored('active');
    await load(key);
    await clock.advance(staleMs);
    expect(ring.active.kid).toBe(key.kid);
    await clock.advance(1);
    expect(() => ring.active).toThrow(unavailable);
    expect(() => ring.published).toThrow(unavailable);
    expect(ring.jwks.keys.map(({ kid }) => kid)).toEqual([key.kid]);
    await load(key);
    expect(ring.active.kid).toBe(key.kid);
  });

  test('counts its age from before the database was asked', async () => {
    const { clock, ring } = setUp();
    const asked = momentOf(clock);
    await clock.advance(staleMs + 1);
    await ring.load([await stored('active')], [], { at: asked });
    expect(() => ring.active).toThrow(unavailable);
  });

  test('hands out another key set only when it holds other keys', async () => {
    const { ring, load } = setUp();
    const [old, next] = [await stored('active'), await stored('next')];
    await load(old);
    const first = ring.jwks;
    await load(old);
    expect(ring.jwks).toBe(first);
    await load(old, next);
    const second = ring.jwks;
    expect(second.keys).toHaveLength(2);
    await load({ ...old, state: 'retiring' }, { ...next, state: 'active' });
    expect(ring.jwks).toBe(second);
    expect(ring.active.kid).toBe(next.kid);
    await load(next);
    expect(ring.jwks.keys.map(({ kid }) => kid)).toEqual([next.kid]);
  });

  test('stays as it was when a key cannot be opened', async () => {
    const { ring, load } = setUp();
    const key = await stored('active');
    await load(key);
    await expect(load(key, await stored('next', randomBytes(32)))).rejects.toThrow(unreadable);
    expect(ring.published.keys.map(({ kid }) => kid)).toEqual([key.kid]);
  });

  test('says which file to mend when it opens none', async () => {
    await expect(setUp().load(await stored('active', randomBytes(32)))).rejects.toThrow('KEY_ENCRYPTION_KEY_FILE');
  });

  test('refuses a key under the name or algorithm of another', async () => {
    const key = await stored('active');
    await expect(setUp().load({ ...key, alg: 'RS256' })).rejects.toThrow(unreadable);
    const other = sealSigningKey(await generateSigningKey(), encryptionKeys.current);
    await expect(setUp().load({ ...key, sealed: other })).rejects.toThrow(unreadable);
  });

  test('opens what a previous encryption key sealed, and tells so once', async () => {
    const previous = randomBytes(32);
    const { load } = setUp({ ...encryptionKeys, previous: [randomBytes(32), previous] });
    const [outdated, current] = [await stored('active', previous), await stored('next')];
    const [resealed, ...others] = await load(outdated, current);
    expect(others).toEqual([]);
    if (resealed?.kind !== 'reseal') throw new Error('nothing is sealed again');
    expect(resealed).toMatchObject({ kid: outdated.kid, from: outdated.sealed });
    const opened = await openSigningKey(resealed.to, outdated.kid, encryptionKeys);
    expect(opened.outdated).toBe(false);
    expect(await load(outdated, current)).toEqual([]);
  });
});
