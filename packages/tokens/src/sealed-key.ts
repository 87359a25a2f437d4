import { type EncryptionKeys, openSealed } from './encryption-keys.ts';
import { TokenError } from './errors.ts';
import { exportSigningKey, importSigningKey, type SigningKey } from './keys.ts';
import { regionOfKid } from './region.ts';
import { seal } from './seal.ts';

export interface OpenedSigningKey {
  readonly key: SigningKey;
  /** Whether a previous encryption key opened it, so that it should be sealed again. */
  readonly outdated: boolean;
}

/**
 * A signing key as it may lie where its owner alone must be able to use it: nobody else opens it, nor puts another in its place.
 * @param encryptionKey 32 bytes
 */
export function sealSigningKey(key: SigningKey, encryptionKey: Buffer): Buffer {
  const plain = exportSigningKey(key);
  try {
    return seal(plain, key.kid, encryptionKey);
  } finally {
    plain.fill(0);
  }
}

/** @throws TokenError `key_unreadable` when none of the encryption keys opens it, or what is in it is another key */
export async function openSigningKey(
  sealed: Uint8Array,
  kid: string,
  encryptionKeys: EncryptionKeys,
): Promise<OpenedSigningKey> {
  const { plain, outdated } = openSealed(sealed, kid, encryptionKeys);
  try {
    const key = await importSigningKey(plain, regionOfKid(kid));
    if (key.kid === kid) return { key, outdated };
  } catch (cause) {
    throw new TokenError('key_unreadable', 'what is sealed is no signing key', { cause });
  } finally {
    plain.fill(0);
  }
  throw new TokenError('key_unreadable', 'a sealed signing key is not the one that it is named');
}
