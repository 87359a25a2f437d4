import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReturnPath } from './return-path.ts';

function accepts(to: string): boolean {
  try {
    return parseReturnPath(to) === to;
  } catch {
    return false;
  }
}

describe('the path that a log-in returns to', () => {
  test('is on the host that it was asked by, whatever a browser makes of it', () => {
    const tricky = fc
      .array(fc.constantFrom('/', '\\', '.', '..', '@', ':', '//', '%2f', '\t', '\n', '?', '#', 'evil.example', 'x'))
      .map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(tricky, (to) => {
        fc.pre(accepts(to));
        const at = new URL(to, 'https://shop.example/login?to=x');
        expect(at.origin).toBe('https://shop.example');
      }),
    );
  });

  test.each(['/', '/items', '/items?page=2#top', '/%2F%2Fevil.example', '/a//b'])('may be %j', (to) => {
    expect(parseReturnPath(to)).toBe(to);
  });

  test('is the root without one', () => {
    expect(parseReturnPath(undefined)).toBe('/');
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
    expect(() => parseReturnPath(to)).toThrow(expect.objectContaining({ code: 'request_invalid', field: '/to' }));
  });
});
