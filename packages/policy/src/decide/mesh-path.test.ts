import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { meshPath, pathOf } from './mesh-path.ts';

// Every row was asked of Envoy 1.40; test-e2e/differential asks again, with many more.
describe('the path that Envoy compares', () => {
  test.each([
    ['/a//b', '/a/b'],
    ['///', '//'],
    ['/a%2Fb%5Cc\\d', '/a/b/c/d'],
    ['/a/./b/../c', '/a/c'],
    ['/a/b//../c', '/a/b/c'],
    ['/../a', '/a'],
    ['/a/..', '/'],
    ['/a/%2e%2E/b', '/b'],
    ['/a%2f..%2fb', '/b'],
    ['/a/..;x=1/b', '/b'],
    ['/a/..;%00/b', '/b'],
    ['/a/%2e%2e;x/b', '/a/..;x/b'],
    ['/a/..\\;x/b', '/;x/b'],
    ['/a;x=1/b', '/a;x=1/b'],
    ['/A%61%7E', '/Aa~'],
    ['/a%3b%C3%bc', '/a%3b%C3%bc'],
    ['/a|{"', '/a%7C%7B%22'],
    ['/%252f', '/%252f'],
    ['/a%', '/a%'],
    ['/%zz', '/%zz'],
    ['/%2%66', '/%252f'],
    ['/%%34%31', '/%2541'],
    ['/%%41', '/%A'],
    ['/a?b=/../c', '/a'],
    ['/a?%00', '/a'],
    ['/a#b?c', '/a'],
    ['http://host/a//b', '/a/b'],
    ['http://host', '/'],
  ])('of %s is %s', (target, path) => {
    expect(meshPath(target)).toBe(path);
  });

  test.each(['', '*', 'a', '\\a', '/a%00', '/ü', '/a b', '/a\u007f', 'ftp://host/a', 'http:///a'])(
    'of %j is none: Envoy answers 400',
    (target) => {
      expect(meshPath(target)).toBeUndefined();
    },
  );
});

test('a path that Envoy has normalised once is the same to the next Envoy', () => {
  const piece = fc.constantFrom(
    '/',
    '.',
    '..',
    ';',
    'a',
    '%',
    '%2',
    '5',
    '2',
    'f',
    '%41',
    '%2e',
    '%2f',
    '%5c',
    '\\',
    '|',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const once = meshPath(`/${pieces.join('')}`);
      // A dot segment with parameters is one only when it is not escaped; so `/%2e%2e;` is another path after each hop.
      fc.pre(once !== undefined && !/\/\.\.?;/.test(once));
      expect(meshPath(once ?? '')).toBe(once);
    }),
  );
});

test('a path that is taken for normal is so: with a query, which makes it another target, it is the same', () => {
  const piece = fc.constantFrom(...'/.;:~_-aZ0%2fe5c\\|"<[]=@!$&\'()*+,');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const target = `/${pieces.join('')}`;
      expect(meshPath(target)).toBe(meshPath(`${target}?`));
    }),
    { numRuns: 2_000 },
  );
});

test('a path ends where query or fragment begin', () => {
  expect(pathOf('/a/b?c=/d#e')).toBe('/a/b');
  expect(pathOf('/a#b?c')).toBe('/a');
  expect(pathOf('/a')).toBe('/a');
});
