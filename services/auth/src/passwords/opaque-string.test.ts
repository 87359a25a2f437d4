import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { opaqueString } from './opaque-string.ts';

describe('opaqueString', () => {
  test('gives one form for either form of an accent and for any kind of space', () => {
    expect(opaqueString('re\u0301ne\u00a0\u3000x')).toBe('r\u00e9ne  x');
  });

  // RFC 8265 section 4.3: case matters, and a full-width letter is another letter.
  test.each(['Correct Horse', '\uff21\uff42', ' a ', '\u{1f600}'])('leaves %j as it is', (password) => {
    expect(opaqueString(password)).toBe(password);
  });

  test('does not change what it gave', () => {
    const letters = fc.constantFrom('e', '\u0301', '\u0323', '\u2000', '\u0958', '\u1100', '\u1161', '\ud800');
    fc.assert(
      fc.property(fc.string({ unit: letters }), (password) => {
        expect(opaqueString(opaqueString(password))).toBe(opaqueString(password));
      }),
    );
  });
});
