import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyIdOf } from './key-id.ts';

const token = (header: string) => `${Buffer.from(header).toString('base64url')}.e30.c2ln`;

describe('keyIdOf', () => {
  test('reads the key of a header', () => {
    expect(keyIdOf(token('{"alg":"ES256","kid":"k1"}'))).toBe('k1');
  });

  test.each(['{}', '{"kid":1}', '{"kid":null}', 'null', '"kid"', '[]', '{', ''])(
    'finds none in the header %s',
    (header) => {
      expect(keyIdOf(token(header))).toBeUndefined();
    },
  );

  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void keyIdOf(text)));
  });
});
