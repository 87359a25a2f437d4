import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKeyedHash } from './keyed-hash.ts';

const encryptionKey = Buffer.alloc(32, 7);
const hash = createKeyedHash(encryptionKey, 'a');

test('a keyed hash is the same for the same text and purpose', () => {
  expect(createKeyedHash(encryptionKey, 'a')('alice@example.org')).toBe(hash('alice@example.org'));
  expect(hash('alice@example.org')).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test('a keyed hash differs by text, purpose and key, and is no plain hash', () => {
  const others = [
    hash('bob@example.org'),
    createKeyedHash(encryptionKey, 'b')('alice@example.org'),
    createKeyedHash(Buffer.alloc(32, 8), 'a')('alice@example.org'),
    createHash('sha256').update('alice@example.org').digest('base64url'),
  ];
  expect(others).not.toContain(hash('alice@example.org'));
});
