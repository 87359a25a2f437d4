import { describe, expect, test } from 'vitest';
import { moreSpecific, type RouteQuery, readyMatch } from './match.ts';
import type { HttpRouteMatch } from './shapes.ts';

type Query = Partial<Omit<RouteQuery, 'header'>> & { readonly headers?: Readonly<Record<string, string>> };

function verdict(match: HttpRouteMatch, { headers = {}, ...query }: Query = {}) {
  const ready = readyMatch(match, new Set(['x-version']));
  return ready.verdict({ method: 'GET', path: '/', query: '', header: (name) => headers[name], ...query });
}

describe('a path', () => {
  test.each<[string, string, string, boolean]>([
    ['Exact', '/api', '/api', true],
    ['Exact', '/api', '/api/', false],
    ['Exact', '/api', '/API', false],
    ['PathPrefix', '/api', '/api', true],
    ['PathPrefix', '/api', '/api/', true],
    ['PathPrefix', '/api', '/api/items', true],
    ['PathPrefix', '/api', '/apis', false],
    ['PathPrefix', '/api/', '/api', true],
    ['PathPrefix', '/api/', '/apis', false],
    ['PathPrefix', '/', '/anything', true],
  ])('%s %s: %s is %s', (type, value, path, expected) => {
    expect(verdict({ path: { type, value } }, { path })).toBe(expected ? 'yes' : 'no');
  });

  test('is a prefix of everything where nothing is said', () => {
    expect(verdict({}, { path: '/anything' })).toBe('yes');
    expect(verdict({ path: {} }, { path: '/anything' })).toBe('yes');
  });

  test.each(['RegularExpression', 'OfALaterVersion'])('of the type %s may match anything', (type) => {
    expect(verdict({ path: { type, value: '/a' } }, { path: '/b' })).toBe('maybe');
  });
});

describe('a method', () => {
  test('is compared as it is written', () => {
    expect(verdict({ method: 'POST' }, { method: 'POST' })).toBe('yes');
    expect(verdict({ method: 'POST' }, { method: 'post' })).toBe('no');
  });
});

describe('a header', () => {
  const version = { name: 'X-Version', value: '2' };

  test('that Envoy sends along decides', () => {
    expect(verdict({ headers: [version] }, { headers: { 'x-version': '2' } })).toBe('yes');
    expect(verdict({ headers: [version] }, { headers: { 'x-version': '3' } })).toBe('no');
    expect(verdict({ headers: [version] })).toBe('no');
  });

  test('with a regular expression matches nothing where it is absent, and perhaps where it is there', () => {
    const pattern = { ...version, type: 'RegularExpression' };
    expect(verdict({ headers: [pattern] })).toBe('no');
    expect(verdict({ headers: [pattern] }, { headers: { 'x-version': '3' } })).toBe('maybe');
  });

  test('that Envoy does not send along leaves it open, unless something else decides', () => {
    const secret = { name: 'x-secret', value: '1' };
    expect(verdict({ headers: [secret] })).toBe('maybe');
    expect(verdict({ method: 'POST', headers: [secret] })).toBe('no');
    expect(verdict({ headers: [secret, version] })).toBe('no');
  });
});

describe('a query parameter', () => {
  const two = { name: 'v', value: '2' };

  test.each<[string, string]>([
    ['v=2', 'yes'],
    ['a=b&v=2', 'yes'],
    ['v=3', 'no'],
    ['v=1&v=2', 'no'],
    ['v', 'no'],
    ['V=2', 'no'],
    ['', 'no'],
    ['v=%32', 'maybe'],
    ['%76=2', 'maybe'],
  ])('v=2 in "%s": %s', (query, expected) => {
    expect(verdict({ queryParams: [two] }, { query })).toBe(expected);
  });

  test('with a regular expression matches perhaps, where it is there', () => {
    const pattern = { ...two, type: 'RegularExpression' };
    expect(verdict({ queryParams: [pattern] }, { query: 'v=9' })).toBe('maybe');
    expect(verdict({ queryParams: [pattern] }, { query: 'w=9' })).toBe('no');
  });
});

test('what comes first: exact, the longer prefix, a method, more headers, more parameters, and a pattern last', () => {
  const path = (type: string, value: string) => ({ path: { type, value } });
  const header = { name: 'x-version', value: '2' };
  const ordered: readonly HttpRouteMatch[] = [
    path('Exact', '/a'),
    path('PathPrefix', '/a/b/c'),
    { ...path('PathPrefix', '/a/b'), method: 'GET' },
    { ...path('PathPrefix', '/a/b'), headers: [header, { ...header, name: 'x-other' }] },
    { ...path('PathPrefix', '/a/b'), headers: [header], queryParams: [{ name: 'v', value: '1' }] },
    { ...path('PathPrefix', '/a/b'), headers: [header] },
    { ...path('PathPrefix', '/a/b'), queryParams: [{ name: 'v', value: '1' }] },
    path('PathPrefix', '/a/b'),
    path('RegularExpression', '/a/b/c/d/e/f'),
  ];
  const ready = ordered.map((match) => readyMatch(match, new Set()));
  expect(ready.toReversed().sort(moreSpecific)).toEqual(ready);
});

test('only a prefix can be replaced', () => {
  expect(readyMatch({ path: { type: 'PathPrefix', value: '/a/' } }, new Set()).prefix).toBe('/a');
  expect(readyMatch({ path: { type: 'Exact', value: '/a' } }, new Set()).prefix).toBeUndefined();
});
