import { randomBytes } from 'node:crypto';
import { exportSigningKey, generateSigningKey } from '@sekisho/tokens';
import { describe, expect, test } from 'vitest';
import { assertStored, type KeyStore, loadKeyRing, type StoredKey } from './key-ring.ts';
import { seal } from './seal.ts';

const encryptionKey = randomBytes(32);

/** Takes one active key, like the table's unique index. */
function memoryKeys(keys: StoredKey[] = []): KeyStore {
  return {
    list: async () => [...keys],
    async addActive(key) {
      if (!keys.some((stored) => stored.state === 'active')) keys.push({ ...key, state: 'active' });
    },
  };
}

describe('loadKeyRing', () => {
  test('makes the first key and finds it again', async () => {
    const store = memoryKeys();
    const made = await loadKeyRing(store, encryptionKey);
    const again = await loadKeyRing(store, encryptionKey);
    expect(again.active.kid).toBe(made.active.kid);
    expect(again.jwks).toEqual({ keys: [made.active.publicJwk] });
  });

  test('agrees with replicas that start at the same time', async () => {
    const store = memoryKeys();
    const rings = await Promise.all(Array.from({ length: 5 }, () => loadKeyRing(store, encryptionKey)));
    expect(new Set(rings.map((ring) => ring.active.kid)).size).toBe(1);
    expect(await store.list()).toHaveLength(1);
  });

  test('publishes keys of every state and signs with the active one', async () => {
    const stored = async (state: StoredKey['state']) => {
      const key = await generateSigningKey();
      return { kid: key.kid, state, sealed: seal(exportSigningKey(key), key.kid, encryptionKey) };
    };
    const keys = [await stored('retiring'), await stored('active'), await stored('next')];
    const ring = await loadKeyRing(memoryKeys(keys), encryptionKey);
    expect(ring.active.kid).toBe(keys[1]?.kid);
    expect(ring.jwks.keys.map((key) => key.kid)).toEqual(keys.map((key) => key.kid));
  });

  test('refuses keys that another encryption key sealed, and says which file to mend', async () => {
    const store = memoryKeys();
    await loadKeyRing(store, encryptionKey);
    const other = loadKeyRing(store, randomBytes(32));
    await expect(other).rejects.toMatchObject({ code: 'key_unreadable' });
    await expect(other).rejects.toThrow('KEY_ENCRYPTION_KEY_FILE');
  });

  test('refuses a key that is stored under the name of another', async () => {
    const key = await generateSigningKey();
    const sealed = seal(exportSigningKey(key), 'other', encryptionKey);
    const ring = loadKeyRing(memoryKeys([{ kid: 'other', state: 'active', sealed }]), encryptionKey);
    await expect(ring).rejects.toMatchObject({ code: 'key_unreadable' });
  });
});

describe('assertStored', () => {
  test('fails when the key that this process signs with was removed', async () => {
    const ring = await loadKeyRing(memoryKeys(), encryptionKey);
    await expect(assertStored(memoryKeys(), ring)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
