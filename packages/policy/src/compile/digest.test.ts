import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, digest, sameJson } from './digest.ts';

// Vectors of draft-eastlake-fnv, 64-bit FNV-1a.
test.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['foobar', '85944171f73967e8'],
])('digest is FNV-1a of %j', (text, expected) => {
  expect(digest(text)).toBe(expected);
});

test('digest is FNV-1a of any text', () => {
  const reference = (text: string) => {
    let hash = 0xcbf29ce484222325n;
    for (const byte of new TextEncoder().encode(text))
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    return hash.toString(16).padStart(16, '0');
  };
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(digest(text)).toBe(reference(text));
    }),
  );
});

describe('equality as JSON', () => {
  test('is the equality of canonical text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
        expect(sameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
        expect(sameJson(a, JSON.parse(JSON.stringify(a)))).toBe(true);
      }),
    );
  });

  test('ignores the order of keys and not that of lists', () => {
    expect(sameJson({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
    expect(sameJson([1, 2], [2, 1])).toBe(false);
  });

  test('takes nothing for a field that every object inherits', () => {
    expect(sameJson(JSON.parse('{"__proto__":{}}'), { a: 1 })).toBe(false);
    expect(sameJson(JSON.parse('{"__proto__":{}}'), JSON.parse('{"__proto__":{}}'))).toBe(true);
  });

  test('takes an undefined field for an absent one, and no value for another kind', () => {
    expect(sameJson({ a: undefined }, {})).toBe(true);
    expect(sameJson({ a: null }, {})).toBe(false);
    expect(sameJson([], {})).toBe(false);
  });
});
