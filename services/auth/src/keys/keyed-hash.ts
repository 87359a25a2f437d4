import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';

export type KeyedHash = (text: string) => string;

/**
 * HMAC-SHA-256 in base64url, under a key of its own for each purpose (HKDF, RFC 5869), the same after a restart and in
 * every replica. Without the encryption key nobody can try which text, of the few likely ones, a hash is of.
 * @param encryptionKey 32 random bytes
 */
export function createKeyedHash(encryptionKey: Buffer, purpose: string): KeyedHash {
  // As a KeyObject: of bytes Node makes one again for each hash, which takes six times as long as the hash.
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', encryptionKey, '', `sekisho/${purpose}`, 32)));
  return (text) => createHmac('sha256', key).update(text).digest('base64url');
}
