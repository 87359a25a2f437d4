import { describe, expect, test } from 'vitest';
import { edgePolicy, policy, referenceGrant, route, service } from '../testing/objects.ts';
import { BACKEND, find, mirrorTo, OPTIONS, routingOf, state, toBucket, updated } from '../testing/routing.ts';
import { type ClusterState, Routing } from './routing.ts';

describe('a route', () => {
  test('leads to the policy of the workloads behind its Service, on their port', () => {
    expect(find(routingOf(state()))).toMatchObject({
      kind: 'target',
      path: '/api/items',
      target: {
        name: 'shop/bucket',
        service: 'bucket',
        port: 8080,
        whenUnavailable: 'Deny',
        caller: { namespace: 'istio-ingress', serviceAccount: 'public-istio' },
      },
    });
  });

  test('that nobody made is unknown, and one of a Gateway that no policy is for too', () => {
    expect(find(routingOf(state({ routes: [] })))).toEqual({ kind: 'unknown' });
    expect(find(routingOf(state({ policies: [policy('bucket')] })))).toEqual({ kind: 'unknown' });
  });

  test('is not told from one that nobody made before anything was read', () => {
    expect(find(new Routing(OPTIONS))).toEqual({ kind: 'unread' });
  });

  // istiod drops the route as a whole, and Envoy would send what it takes by another one of the host, to whomever that leads.
  test('with one rule that istiod makes nothing of is closed in all of them', () => {
    const spoilt = { matches: [{ path: { type: 'Exact', value: '/spoilt' } }], filters: [{ type: 'ExtensionRef' }] };
    const routes = [route({ rules: [{ backendRefs: [BACKEND] }, { ...spoilt, backendRefs: [BACKEND] }] })];
    expect(find(routingOf(state({ routes })), '/api/items')).toMatchObject({ kind: 'closed' });
  });

  test('that is added leads somewhere after the next update', () => {
    expect(find(routingOf(state({ routes: [] }), state()))).toMatchObject({ kind: 'target' });
  });

  test.each<[string, Partial<ClusterState>, RegExp]>([
    ['without a Service', { service: () => undefined }, /no Service shop\/bucket/],
    ['without a policy', { policies: [edgePolicy()] }, /no ServiceAuthPolicy/],
    ['without a backend', { routes: [toBucket({ backendRefs: [] })] }, /names no backend/],
    ['to another kind', { routes: [toBucket({ backendRefs: [{ ...BACKEND, kind: 'Bucket' }] })] }, /not a Service/],
    [
      'to different services',
      {
        routes: [toBucket({ backendRefs: [BACKEND, { name: 'other', port: 80 }] })],
        policies: [edgePolicy(), policy('bucket'), policy('other')],
      },
      /different services/,
    ],
    [
      'that istiod leaves out for a filter that it does not know',
      { routes: [toBucket({ filters: [{ type: 'ExtensionRef' }] })] },
      /takes nothing of the route/,
    ],
    [
      'with such a filter at its backend',
      { routes: [toBucket({ backendRefs: [{ ...BACKEND, filters: [{ type: 'URLRewrite' }] }] })] },
      /takes nothing of the route/,
    ],
    [
      'whose requests another service gets as well',
      {
        routes: [toBucket({ filters: [mirrorTo('other')] })],
        policies: [edgePolicy(), policy('bucket'), policy('other')],
      },
      /mirrored/,
    ],
    [
      'whose requests go to what nobody looks after as well',
      { routes: [toBucket({ filters: [mirrorTo('other')] })] },
      /mirrored/,
    ],
    ['whose mirror is not named', { routes: [toBucket({ filters: [{ type: 'RequestMirror' }] })] }, /mirrored/],
  ])('%s is closed', (_, change, why) => {
    expect(find(routingOf(state(change)))).toMatchObject({ kind: 'closed', why: expect.stringMatching(why) });
  });

  describe('into another namespace', () => {
    const far = route({ rules: [{ backendRefs: [{ ...BACKEND, namespace: 'shop' }] }] }, { namespace: 'apps' });
    const from = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'apps' }];
    const to = [{ group: '', kind: 'Service' }];
    const withGrant = (spec: Readonly<Record<string, unknown>>) =>
      find(routingOf(state({ routes: [far], grants: [referenceGrant(spec)] })));

    test('leads there where a grant of that namespace says so, for every Service or for this one', () => {
      expect(withGrant({ from, to })).toMatchObject({ kind: 'target', target: { name: 'shop/bucket' } });
      expect(withGrant({ from, to: [{ ...to[0], name: 'bucket' }] })).toMatchObject({ kind: 'target' });
    });

    test.each<[string, object]>([
      ['another namespace', { from: [{ ...from[0], namespace: 'others' }], to }],
      ['another kind', { from: [{ ...from[0], kind: 'GRPCRoute' }], to }],
      ['another Service', { from, to: [{ ...to[0], name: 'other' }] }],
      ['Secrets', { from, to: [{ group: '', kind: 'Secret' }] }],
      ['nobody that can be read', { from }],
    ])('is closed where the grant is for %s', (_, spec) => {
      const why = expect.stringContaining('ReferenceGrant');
      expect(withGrant({ ...spec })).toMatchObject({ kind: 'closed', why });
    });

    test('is closed without a grant there, though another namespace has one', () => {
      const { metadata, ...grant } = referenceGrant({ from, to });
      const elsewhere = { ...grant, metadata: { ...metadata, namespace: 'apps' } };
      expect(find(routingOf(state({ routes: [far] })))).toMatchObject({ kind: 'closed' });
      expect(find(routingOf(state({ routes: [far], grants: [elsewhere] })))).toMatchObject({ kind: 'closed' });
    });
  });

  test('that mirrors requests to the same service leads there', () => {
    const canary = service('canary', { selector: { app: 'bucket', track: 'canary' } });
    const services = new Map([
      ['bucket', service('bucket')],
      ['canary', canary],
    ]);
    const mirrored = state({
      routes: [toBucket({ filters: [mirrorTo('canary')] })],
      service: ({ name }) => services.get(name),
    });
    expect(find(routingOf(mirrored))).toMatchObject({ kind: 'target' });
  });

  test('of the auth service shares nothing with a Service beside it, although one policy is for both', () => {
    const services = new Map([
      ['bucket', service('bucket')],
      ['canary', service('canary', { selector: { app: 'bucket', track: 'canary' } })],
    ]);
    const canary = { ...BACKEND, name: 'canary' };
    const leading = (rule: object, authService = 'shop/bucket') => {
      const changed = state({ routes: [toBucket(rule)], service: ({ name }) => services.get(name) });
      return find(updated(new Routing({ ...OPTIONS, authService }), [changed]));
    };
    expect(leading({})).toMatchObject({ kind: 'target', target: { isAuth: true } });
    expect(leading({ backendRefs: [canary] })).toMatchObject({ kind: 'target', target: { isAuth: false } });
    expect(leading({ backendRefs: [BACKEND, canary] })).toMatchObject({ kind: 'closed' });
    expect(leading({ filters: [mirrorTo('canary')] })).toMatchObject({ kind: 'closed' });
    expect(leading({ backendRefs: [BACKEND, canary] }, 'sekisho-system/auth')).toMatchObject({ kind: 'target' });
  });

  test('that redirects is answered by the Gateway', () => {
    const redirect = { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }] };
    expect(find(routingOf(state({ routes: [toBucket(redirect)] })))).toEqual({ kind: 'gateway' });
  });

  test('that rewrites is decided by the path that the service sees', () => {
    const rewrite = (path: object) => [{ type: 'URLRewrite', urlRewrite: { path } }];
    const matches = [{ path: { type: 'PathPrefix', value: '/shop/' } }];
    const strip = toBucket({ matches, filters: rewrite({ type: 'ReplacePrefixMatch', replacePrefixMatch: '/' }) });
    const full = toBucket({ filters: rewrite({ type: 'ReplaceFullPath', replaceFullPath: '/one' }) });
    expect(find(routingOf(state({ routes: [strip] })), '/shop/api/items')).toMatchObject({ path: '/api/items' });
    expect(find(routingOf(state({ routes: [strip] })), '/shop')).toMatchObject({ path: '/' });
    expect(find(routingOf(state({ routes: [full] })), '/api')).toMatchObject({ path: '/one' });
  });

  test('chosen by a header that is not told is taken only where all choices are one service', () => {
    const versioned = { matches: [{ headers: [{ name: 'x-version', value: '2' }] }] };
    const other = { ...versioned, backendRefs: [{ name: 'other', port: 80 }] };
    const both = (first: object) => [
      route({ rules: [{ backendRefs: [BACKEND], ...first }, { backendRefs: [BACKEND] }] }),
    ];
    expect(find(routingOf(state({ routes: both(versioned) })))).toMatchObject({ kind: 'target' });
    expect(find(routingOf(state({ routes: both(other) })))).toMatchObject({ kind: 'closed' });
  });
});
