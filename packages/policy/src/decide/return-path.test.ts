import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isReturnPath } from './return-path.ts';

describe('a path that a browser is sent to', () => {
  test('is on the host that sent it there, whatever a browser makes of it', () => {
    const parts = ['/', '\\', '.', '..', '@', ':', '//', '%2f', '\t', '\n', '?', '#', 'evil.example', 'x'];
    const tricky = fc.array(fc.constantFrom(...parts)).map((chosen) => `/${chosen.join('')}`);
    fc.assert(
      fc.property(tricky, (to) => {
        fc.pre(isReturnPath(to));
        expect(new URL(to, 'https://shop.example/login?to=x').origin).toBe('https://shop.example');
      }),
    );
  });

  test.each(['/', '/items', '/items?page=2#top', '/%2F%2Fevil.example', '/a//b'])('may be %j', (to) => {
    expect(isReturnPath(to)).toBe(true);
  });

  test.each([
    '',
    'items',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    ' /items',
    'https://evil.example/',
    'javascript:alert(1)',
    '/é',
    `/${'a'.repeat(2_048)}`,
  ])('is not %j', (to) => {
    expect(isReturnPath(to)).toBe(false);
  });
});
