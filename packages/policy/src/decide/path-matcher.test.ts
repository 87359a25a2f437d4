import { expect, test } from 'vitest';
import { pathMatcher } from './path-matcher.ts';

test.each([
  ['/items', '/items', true],
  ['/items', '/items/', false],
  ['/items', '/Items', false],
  ['/admin*', '/administrator', true],
  ['*.png', '/a/b.png', true],
  ['/a/{*}', '/a/b', true],
  ['/a/{*}', '/a/', false],
  ['/a/{*}', '/a/b/c', false],
  ['/a/{**}', '/a/', true],
  ['/a/{**}', '/a/b/c', true],
  ['/a/{**}', '/a', false],
  ['/a/{*}/c', '/a/b/c', true],
  ['/a.b/{*}', '/aXb/c', false],
  ['/a/{*}', '/a/b|c', false],
])('%s takes %s: %s', (pattern, path, expected) => {
  expect(pathMatcher(pattern)(path)).toBe(expected);
});

test('a long path costs no more than its length', () => {
  const matches = pathMatcher('/{*}/{*}/{*}/end/{**}');
  expect(matches(`/${'a/'.repeat(50_000)}`)).toBe(false);
});
