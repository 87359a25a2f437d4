import { expect, test } from 'vitest';
import { assertDistinctive } from './email.ts';

test.each([
  'alice@example.org',
  'alice+tag@mail.example.org',
  'jos\u00e9@example.org',
  '\u0430\u043b\u0438\u0441\u0430@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444',
  '\u0430\u043b\u0438\u0441\u0430@example.org',
  '\u7530\u4e2d\u305f\u308d\u3046taro@example.jp',
])('%j is an address that can be told from others', (email) => {
  assertDistinctive(email);
});

test.each([
  ['a Cyrillic a', '\u0430lice@example.org'],
  ['a Greek o', 'b\u03bfb@example.org'],
  ['a Cyrillic e in the domain', 'alice@\u0435xample.org'],
  ['a zero width space', 'ali\u200bce@example.org'],
  ['a soft hyphen', 'ali\u00adce@example.org'],
  ['a right-to-left override', '\u202ealice@example.org'],
  ['a Hangul filler', 'ali\u3164ce@example.org'],
  ['a variation selector', 'alice\ufe0f@example.org'],
  ['full-width letters', '\uff41lice@example.org'],
  ['a ligature', 'al\ufb01ce@example.org'],
  ['a private character', 'alice\ue000@example.org'],
])('%s is refused', (_, email) => {
  expect(() => assertDistinctive(email)).toThrow(expect.objectContaining({ code: 'request_invalid', field: '/email' }));
});
