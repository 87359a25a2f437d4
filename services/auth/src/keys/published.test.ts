import { generateSigningKey, type Jwks, toJwks } from '@sekisho/tokens';
import { expect, test } from 'vitest';
import { joined } from './published.ts';

const [a, b, c] = [await generateSigningKey(), await generateSigningKey(), await generateSigningKey()];

test('sets are one set, which is another object only when one of them is', () => {
  const sets = { one: toJwks([a]), other: toJwks([b]) };
  const all = joined([() => sets.one, () => sets.other]);
  const first = all();
  expect(first.keys).toEqual([a.publicJwk, b.publicJwk]);
  expect(all()).toBe(first);
  sets.other = toJwks([b, c]);
  const second = all();
  expect(second.keys).toEqual([a.publicJwk, b.publicJwk, c.publicJwk]);
  expect(all()).toBe(second);
});

test('a set that cannot be told is not left out', () => {
  const away = (): Jwks => {
    throw new Error('away');
  };
  expect(() => joined([() => toJwks([a]), away])()).toThrow('away');
});
