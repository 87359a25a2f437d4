import { describe, expect, test } from 'vitest';
import { activeGrants, normaliseEmail } from './account.ts';

describe('normaliseEmail', () => {
  test('gives one spelling for letters in either case and for either form of an accent', () => {
    expect(normaliseEmail('Alice@Example.ORG')).toBe('alice@example.org');
    expect(normaliseEmail('rene\u0301@example.org')).toBe(normaliseEmail('ren\u00e9@example.org'));
    expect(normaliseEmail(normaliseEmail('ÀÉ@x.org'))).toBe(normaliseEmail('ÀÉ@x.org'));
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
