import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type Jwks,
  type SigningKey,
  toJwks,
} from '@sekisho/tokens';
import { AuthError } from '../errors.ts';
import { seal, unseal } from './seal.ts';

/** `next` is published before it signs, `retiring` as long as tokens it signed may live. */
export type KeyState = 'next' | 'active' | 'retiring';

export interface StoredKey {
  readonly kid: string;
  readonly state: KeyState;
  readonly sealed: Uint8Array;
}

/** Signing keys, wherever they are kept. Methods reject with AuthError `unavailable`. */
export interface KeyStore {
  /** Oldest first. */
  list(): Promise<readonly StoredKey[]>;
  /** Adds an active key unless there is one; whose key won shows only `list`. */
  addActive(key: Omit<StoredKey, 'state'>): Promise<void>;
}

/** The keys of one process' life: the signer's one, and the public halves of all. */
export interface KeyRing {
  readonly active: SigningKey;
  readonly jwks: Jwks;
}

/**
 * Loads the stored keys, and makes the first one where there is none. Replicas that start together agree: each
 * proposes a key, the store takes one, all read it back.
 * @param encryptionKey 32 bytes
 * @throws AuthError `key_unreadable`, `unavailable`
 */
export async function loadKeyRing(store: KeyStore, encryptionKey: Buffer): Promise<KeyRing> {
  let stored = await store.list();
  if (!stored.some((key) => key.state === 'active')) {
    const key = await generateSigningKey();
    await store.addActive({ kid: key.kid, sealed: seal(exportSigningKey(key), key.kid, encryptionKey) });
    stored = await store.list();
  }
  const keys = await Promise.all(stored.map((key) => open(key, encryptionKey)));
  const active = keys[stored.findIndex((key) => key.state === 'active')];
  if (active === undefined) throw new AuthError('unavailable', 'the database has no active signing key');
  return { active, jwks: toJwks(keys) };
}

/**
 * A key that was removed from the store signs tokens that nobody else can verify.
 * @throws AuthError `unavailable`
 */
export async function assertStored(store: KeyStore, { active }: KeyRing): Promise<void> {
  const stored = await store.list();
  if (stored.some((key) => key.kid === active.kid)) return;
  throw new AuthError('unavailable', 'the key that this process signs with is not stored any more');
}

async function open({ kid, sealed }: StoredKey, encryptionKey: Buffer): Promise<SigningKey> {
  const key = await importSigningKey(unseal(sealed, kid, encryptionKey));
  if (key.kid !== kid)
    throw new AuthError('key_unreadable', 'a stored signing key has not the name that it is stored by');
  return key;
}
