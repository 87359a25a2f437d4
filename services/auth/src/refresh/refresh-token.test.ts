import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRefreshTokenFormat } from './refresh-token.ts';

const keys = { current: randomBytes(32), previous: [] };
const format = createRefreshTokenFormat(keys);
const content = { userId: 'user-1', sessionId: 'session-1', generation: 7 };
const token = format.make(content, 'secret', 'shop');

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/);
const contents = fc.record({ userId: id, sessionId: id, generation: fc.nat() });

describe('a refresh token', () => {
  test('is read back as it was made, and genuine with its own secret only', () => {
    fc.assert(
      fc.property(contents, fc.string(), fc.string(), (some, secret, other) => {
        const read = format.read(format.make(some, secret, 'shop'));
        expect(read).toMatchObject(some);
        expect(read?.isGenuine(secret)).toBe(true);
        expect(read?.isGenuine(other)).toBe(other === secret);
      }),
    );
  });

  test('is the same for the same content and secret, and another for anything else', () => {
    const made = [
      content,
      { ...content, userId: 'user-2' },
      { ...content, sessionId: 'session-2' },
      { ...content, generation: 8 },
    ].map((some) => format.make(some, 'secret', 'shop'));
    expect(new Set([...made, format.make(content, 'other', 'shop'), token]).size).toBe(5);
    expect(made[0]).toBe(token);
  });

  test('is not genuine when any one character is changed', () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\u0100'];
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...alphabet), (at, to) => {
        fc.pre(token[at] !== to);
        const read = format.read(token.slice(0, at) + to + token.slice(at + 1));
        expect(read?.isGenuine('secret') ?? false).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(['', 'skr_', 'a.b.c', `${token}A`, ` ${token}`, `skr_${'A'.repeat(10_000)}`, token.slice(4)])(
    'is not %#, which is other text',
    (text) => {
      expect(format.read(text)).toBeUndefined();
    },
  );

  test('is sealed for its client, whatever became of the secret, and for nobody else', () => {
    fc.assert(
      fc.property(contents, id, id, (some, client, other) => {
        const read = format.read(format.make(some, 'secret', client));
        expect(read?.isSealedFor(client)).toBe(true);
        expect(read?.isSealedFor(other)).toBe(other === client);
        expect(read?.isSealedFor('')).toBe(false);
      }),
    );
  });

  test('is not sealed when what it says, or the seal itself, is changed', () => {
    const text = Buffer.from(token.slice('skr_'.length), 'base64url').toString();
    const [version, userId, sessionId, generation, seal = '', mac] = text.split('.');
    const forge = (...parts: readonly (string | undefined)[]) =>
      format.read(`skr_${Buffer.from(parts.join('.')).toString('base64url')}`)?.isSealedFor('shop');
    expect(forge(version, userId, sessionId, generation, seal, mac)).toBe(true);
    const otherSeal = `${seal.startsWith('A') ? 'B' : 'A'}${seal.slice(1)}`;
    expect(forge(version, userId, sessionId, generation, otherSeal, mac)).toBe(false);
    expect(forge(version, 'user-2', sessionId, generation, seal, mac)).toBe(false);
    expect(forge(version, userId, 'session-2', generation, seal, mac)).toBe(false);
    expect(forge(version, userId, sessionId, '8', seal, mac)).toBe(false);
    // A token's MAC is no seal, nor the other way round.
    expect(forge(version, userId, sessionId, generation, mac?.slice(0, 22), mac)).toBe(false);
  });

  test('outlives the key that it was made with, as long as that is still known', () => {
    const next = createRefreshTokenFormat({ current: randomBytes(32), previous: [keys.current] });
    expect(next.read(token)?.isGenuine('secret')).toBe(true);
    expect(next.read(token)?.isSealedFor('shop')).toBe(true);
    const later = createRefreshTokenFormat({ current: randomBytes(32), previous: [] });
    expect(later.read(token)?.isGenuine('secret')).toBe(false);
    expect(later.read(token)?.isSealedFor('shop')).toBe(false);
    expect(format.read(next.make(content, 'secret', 'shop'))?.isGenuine('secret')).toBe(false);
  });
});
