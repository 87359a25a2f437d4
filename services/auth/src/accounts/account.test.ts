import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activeGrants, normaliseEmail } from './account.ts';

describe('normaliseEmail', () => {
  test('gives one spelling for letters in either case and for either form of an accent', () => {
    expect(normaliseEmail('Alice@Example.ORG')).toBe('alice@example.org');
    expect(normaliseEmail('rene\u0301@example.org')).toBe(normaliseEmail('ren\u00e9@example.org'));
  });

  test('gives one spelling too where only the small letter has a composed form', () => {
    expect(normaliseEmail('J\u030c@example.org')).toBe(normaliseEmail('\u01f0@example.org'));
  });

  test('does not change what it gave', () => {
    const letters = fc.constantFrom(...'HIJTWYhijtwyÀİß', '\u0307', '\u030c', '\u0323', '\u0331', '\u0308', '\u030a');
    fc.assert(
      fc.property(fc.string({ unit: letters }), (email) => {
        expect(normaliseEmail(normaliseEmail(email))).toBe(normaliseEmail(email));
      }),
    );
  });
});

describe('activeGrants', () => {
  test('leaves out a grant from the second at which it ends', () => {
    const open = { service: 'a', permissions: [] };
    const ending = { service: 'b', permissions: [], expires: 1_000 };
    expect(activeGrants([open, ending], new Date(999_999))).toEqual([open, ending]);
    expect(activeGrants([open, ending], new Date(1_000_000))).toEqual([open]);
  });
});
