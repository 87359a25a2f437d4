import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TokenError } from './errors.ts';

/*
 * AES-256-GCM (NIST SP 800-38D): version (1 byte), nonce (12), tag (16), ciphertext. A random nonce is safe for the
 * few keys that one encryption key will ever seal. The kid is authenticated, so no row can be put in another's place.
 */
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** @param encryptionKey 32 bytes */
export function seal(plain: Uint8Array, kid: string, encryptionKey: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', encryptionKey, nonce).setAAD(Buffer.from(kid));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), sealed]);
}

/** @throws TokenError `key_unreadable` for another encryption key, another kid or changed bytes */
export function unseal(sealed: Uint8Array, kid: string, encryptionKey: Buffer): Buffer {
  try {
    const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv('aes-256-gcm', encryptionKey, nonce, options)
      .setAAD(Buffer.from(kid))
      .setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEADER_BYTES));
    const plain = Buffer.concat([decipher.update(sealed.subarray(HEADER_BYTES)), decipher.final()]);
    if (sealed[0] === VERSION) return plain;
  } catch (cause) {
    throw unreadable(cause);
  }
  throw unreadable(undefined);
}

function unreadable(cause: unknown): TokenError {
  return new TokenError('key_unreadable', 'a sealed key does not open with this encryption key', { cause });
}
