import type { KubeObject } from '@sekisho/kube';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gateway, HTTP_LISTENER, route } from '../testing/objects.ts';
import { exact, found, prefix, type Request, rule } from '../testing/route-table.ts';

describe('which rule takes a request', () => {
  const routes = [
    route({
      rules: [
        rule('prefix', { path: prefix('/api') }),
        rule('longer', { path: prefix('/api/items') }),
        rule('exact', { path: exact('/api/items') }),
        rule('method', { path: prefix('/api'), method: 'POST' }),
        rule('header', { path: prefix('/api'), headers: [{ name: 'X-Version', value: '2' }] }),
        rule('query', { path: prefix('/api'), queryParams: [{ name: 'v', value: '2' }] }),
      ],
    }),
  ];

  test.each<[string, Request]>([
    ['exact', { path: '/api/items' }],
    ['longer', { path: '/api/items/7' }],
    ['prefix', { path: '/api' }],
    ['prefix', { path: '/api/other' }],
    ['method', { path: '/api/other', method: 'POST', headers: { 'x-version': '2' } }],
    ['header', { path: '/api/other', headers: { 'x-version': '2' }, query: 'v=2' }],
    ['query', { path: '/api/other', query: 'a=b&v=2' }],
    ['prefix', { path: '/api/other', query: 'v=1&v=2' }],
  ])('%s for %j', (expected, request) => {
    expect(found({ routes }, request)).toEqual([expected]);
  });

  test.each(['/', '/apix', '/API', '/other'])('none for %s', (path) => {
    expect(found({ routes }, { path })).toEqual([]);
  });

  test('a rule without matches takes everything', () => {
    expect(found({ routes: [route({ rules: [rule('all')] })] }, { path: '/x' })).toEqual(['all']);
  });

  test('of two that are as specific, the older route, then the earlier rule', () => {
    const young = route({ rules: [rule('young')] }, { name: 'a', creationTimestamp: '2026-02-01T00:00:00Z' });
    const old = route({ rules: [rule('first'), rule('second')] }, { name: 'b' });
    expect(found({ routes: [young, old] }, {})).toEqual(['first']);
  });

  test('what cannot be known leaves both rules: a header that is not sent along, a regular expression', () => {
    const secret = { path: prefix('/'), headers: [{ name: 'x-secret', value: '1' }] };
    const pattern = { path: { type: 'RegularExpression', value: '/a+' } };
    const routes = [route({ rules: [rule('secret', secret), rule('pattern', pattern), rule('plain')] })];
    expect(found({ routes }, {})).toEqual(['secret', 'plain']);
    expect(found({ routes: [route({ rules: [rule('pattern', pattern)] })] }, {})).toEqual(['pattern']);
  });
});

describe('hosts', () => {
  const routes = [
    route({ hostnames: ['*.example'], rules: [rule('wide')] }, { name: 'wide' }),
    route({ hostnames: ['*.shop.example'], rules: [rule('wider')] }, { name: 'wider' }),
    route({ hostnames: ['Shop.example'], rules: [rule('named', { path: prefix('/api') })] }, { name: 'named' }),
  ];

  test.each([
    ['shop.example', '/api', ['named']],
    ['shop.example', '/other', []],
    ['a.example', '/api', ['wide']],
    ['a.b.example', '/api', ['wide']],
    ['a.shop.example', '/', ['wider']],
    ['example', '/', []],
    // A wildcard of Envoy's stands for one character at least.
    ['.example', '/', []],
    ['other.test', '/', []],
  ])('%s%s: %j', (host, path, expected) => {
    expect(found({ routes }, { host, path })).toEqual(expected);
  });

  test('only those that the listener serves too', () => {
    const listening = gateway([{ ...HTTP_LISTENER, hostname: 'shop.example' }]);
    expect(found({ gateway: listening, routes }, { path: '/x', host: 'a.example' })).toEqual([]);
    expect(found({ gateway: listening, routes }, { path: '/api' })).toEqual(['named']);
    expect(found({ gateway: listening, routes }, { path: '/x' })).toEqual(['wide']);
    expect(found({ gateway: listening, routes: [route({ rules: [rule('any')] })] }, {})).toEqual(['any']);
  });
});

describe('which routes join a Gateway', () => {
  const joined = (listener: object, spec: object = {}, labels = {}) =>
    found(
      {
        gateway: gateway([{ ...HTTP_LISTENER, ...listener }]),
        routes: [route({ rules: [rule('joined')], ...spec })],
        labelsOf: (namespace) => (namespace === 'shop' ? labels : undefined),
      },
      {},
    ).length > 0;

  test('those that name it', () => {
    expect(joined({})).toBe(true);
    expect(joined({}, { parentRefs: [{ name: 'public' }] })).toBe(false);
    expect(joined({}, { parentRefs: [{ name: 'other', namespace: 'istio-ingress' }] })).toBe(false);
    const here = { name: 'public', namespace: 'istio-ingress' };
    expect(joined({}, { parentRefs: [{ ...here, sectionName: 'http' }] })).toBe(true);
    expect(joined({}, { parentRefs: [{ ...here, sectionName: 'https' }] })).toBe(false);
    expect(joined({}, { parentRefs: [{ ...here, port: 81 }] })).toBe(false);
    expect(joined({}, { parentRefs: [{ ...here, kind: 'Service' }] })).toBe(false);
  });

  test('and whose namespace and kind it takes', () => {
    const from = (from: string, selector?: object) => ({ allowedRoutes: { namespaces: { from, selector } } });
    expect(joined({ allowedRoutes: undefined })).toBe(false);
    expect(joined(from('Same'))).toBe(false);
    expect(joined(from('None'))).toBe(false);
    expect(joined(from('Selector', { matchLabels: { team: 'a' } }), {}, { team: 'a' })).toBe(true);
    expect(joined(from('Selector', { matchLabels: { team: 'a' } }))).toBe(false);
    // istiod takes one that selects nobody for one that selects everybody: what it leads there must not go unseen.
    expect(joined(from('Selector'))).toBe(true);
    const expression = { key: 'team', operator: 'In', values: ['a', 'b'] };
    expect(joined(from('Selector', { matchExpressions: [expression] }), {}, { team: 'b' })).toBe(true);
    expect(
      joined(from('Selector', { matchExpressions: [{ ...expression, operator: 'NotIn' }] }), {}, { team: 'b' }),
    ).toBe(false);
    expect(joined({ allowedRoutes: { namespaces: { from: 'All' }, kinds: [{ kind: 'GRPCRoute' }] } })).toBe(false);
    expect(joined({ protocol: 'TLS' })).toBe(false);
  });

  test('http and https are apart, and both are looked at when the scheme is not known', () => {
    const listeners = [HTTP_LISTENER, { ...HTTP_LISTENER, name: 'https', port: 443, protocol: 'HTTPS', tls: {} }];
    const at = (section: string) => [{ name: 'public', namespace: 'istio-ingress', sectionName: section }];
    const routes = [
      route({ parentRefs: at('http'), rules: [rule('plain')] }, { name: 'a' }),
      route({ parentRefs: at('https'), rules: [rule('safe')] }, { name: 'b' }),
    ];
    const source = { gateway: gateway(listeners), routes };
    expect(found(source, { scheme: 'https' })).toEqual(['safe']);
    expect(found(source, { scheme: 'http' })).toEqual(['plain']);
  });
});

const segment = fc.constantFrom('a', 'b', 'ab');
const path = fc.array(segment, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const match = fc.record({ path: fc.record({ type: fc.constantFrom('Exact', 'PathPrefix'), value: path }) });
const rules = fc.array(fc.array(match, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
const someRoutes = fc
  .array(fc.record({ rules, age: fc.integer({ min: 10, max: 28 }) }), { minLength: 1, maxLength: 4 })
  .map((all) => all.map(({ rules, age }, at) => toRoute(rules, { at, age })));

function toRoute(all: readonly (readonly object[])[], { at, age }: { at: number; age: number }): KubeObject {
  const listed = all.map((matches, index) => rule(`${at}/${index}`, ...matches));
  return route({ rules: listed }, { name: `route-${at}`, creationTimestamp: `2026-01-${age}T00:00:00Z` });
}

/** Read from the specification alone: of all rules that match, none that is exact, longer or older is passed over. */
function expected(routes: readonly KubeObject[], path: string): string | undefined {
  const fits = routes.flatMap(({ metadata, spec }) =>
    (
      spec as { rules: { matches: { path: { type: string; value: string } }[]; backendRefs: { name: string }[] }[] }
    ).rules.flatMap(({ matches, backendRefs }, index) =>
      matches
        .filter(({ path: { type, value } }) =>
          type === 'Exact' ? value === path : `${path}/`.startsWith(value === '/' ? value : `${value}/`),
        )
        .map(({ path: { type, value } }) => ({
          name: backendRefs[0]?.name,
          order: [type === 'Exact' ? 0 : 1, 1000 - value.length, metadata.creationTimestamp, metadata.name, index].join(
            ' ',
          ),
        })),
    ),
  );
  return fits.sort((a, b) => (a.order < b.order ? -1 : 1))[0]?.name;
}

test('any routes, in any order, lead where the specification says', () => {
  fc.assert(
    fc.property(someRoutes, path, fc.integer(), (routes, path, turn) => {
      const turned = routes.map(
        (_, index) => routes[(index + Math.abs(turn % routes.length)) % routes.length] ?? route({}),
      );
      expect(found({ routes: turned }, { path })[0]).toBe(expected(routes, path));
    }),
  );
});
