import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seal, unseal } from './seal.ts';

const encryptionKey = randomBytes(32);
const unreadable = expect.objectContaining({ code: 'key_unreadable' });

describe('a sealed key', () => {
  test('opens with the same encryption key and kid', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (plain, kid) => {
        expect(unseal(seal(plain, kid, encryptionKey), kid, encryptionKey)).toEqual(Buffer.from(plain));
      }),
    );
  });

  test('is never the same twice, and shows nothing of what is in it', () => {
    const plain = Buffer.from('a private key');
    expect(seal(plain, 'kid', encryptionKey)).not.toEqual(seal(plain, 'kid', encryptionKey));
    expect(seal(plain, 'kid', encryptionKey).includes(plain)).toBe(false);
  });

  test('does not open with another encryption key or under another kid', () => {
    const sealed = seal(Buffer.from('x'), 'kid', encryptionKey);
    expect(() => unseal(sealed, 'kid', randomBytes(32))).toThrow(unreadable);
    expect(() => unseal(sealed, 'other', encryptionKey)).toThrow(unreadable);
  });

  test('does not open when any byte is changed or cut off', () => {
    const sealed = seal(Buffer.from('a private key'), 'kid', encryptionKey);
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => unseal(changed, 'kid', encryptionKey)).toThrow(unreadable);
      expect(() => unseal(sealed.subarray(0, at), 'kid', encryptionKey)).toThrow(unreadable);
    }
  });
});
