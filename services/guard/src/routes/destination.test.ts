import { describe, expect, test } from 'vitest';
import { service } from '../testing/objects.ts';
import { type Destination, destinationOf, type Surroundings } from './destination.ts';
import type { Governing, ReadyPolicy } from './policy-book.ts';
import type { HttpRouteRule } from './shapes.ts';

const ROUTE = { namespace: 'shop', name: 'route', isRefused: false };
const PLATFORM = 'https://auth.example';
const PARTNER = 'https://partner.example';

/** Its decision is not asked for here. */
function ready(name: string, issuers: readonly string[] = [PLATFORM]): ReadyPolicy {
  const decision = { issuers: new Map(issuers.map((iss) => [iss, {}])) } as unknown as ReadyPolicy['decision'];
  return { name: `shop/${name}`, service: name, decision, whenUnavailable: 'Deny' };
}

function around(more: Partial<Surroundings> = {}): Surroundings {
  return {
    facts: {
      caller: { trustDomain: 'cluster.local', namespace: 'istio-ingress', serviceAccount: 'public-istio' },
      platformIssuer: PLATFORM,
      authService: undefined,
      issuers: new Map([PLATFORM, PARTNER].map((iss) => [iss, { name: iss, iss, jwks: { keys: [] } }])),
      shared: new Map([['bucket', new Set([PLATFORM, PARTNER])]]),
    },
    mayReach: () => true,
    policies: { governing: (_, { app = '' }): Governing => ({ state: 'ready', policy: ready(app) }) },
    service: ({ name }) => service(name),
    ...more,
  };
}

const to = (rule: HttpRouteRule, more: Partial<Surroundings> = {}) => destinationOf(rule, ROUTE, around(more));
const backend = (name: string, more: object = {}) => ({ name, port: 80, ...more });
const portOf = (found: Destination) => (found.kind === 'target' ? found.target.port : found.kind);

describe('the port of the workload', () => {
  const withPorts = (ports: readonly unknown[]) => ({ service: (of: { name: string }) => service(of.name, { ports }) });
  const ports = [
    { port: 80, targetPort: 8080 },
    { port: 81, targetPort: 8081 },
    { port: 82, targetPort: 'http' },
    { port: 83 },
  ];

  test.each([
    [80, 8080],
    [81, 8081],
    // Its number is known to the pods alone.
    [82, 82],
    [83, 83],
    // Envoy answers that there is no such port.
    [99, 8080],
  ])('behind %i is %i', (port, expected) => {
    expect(portOf(to({ backendRefs: [backend('bucket', { port })] }, withPorts(ports)))).toBe(expected);
  });

  test('is that of the route where the Service names none', () => {
    expect(portOf(to({ backendRefs: [backend('bucket')] }, withPorts([])))).toBe(80);
  });
});

describe('several backends', () => {
  test('are one destination where they are the same service on the same port', () => {
    expect(to({ backendRefs: [backend('bucket'), backend('bucket')] })).toMatchObject({ kind: 'target' });
    expect(to({ backendRefs: [backend('bucket'), backend('user')] })).toMatchObject({ kind: 'closed' });
  });

  test('count by their weight: one that gets nothing is none', () => {
    expect(to({ backendRefs: [backend('bucket'), backend('user', { weight: 0 })] })).toMatchObject({ kind: 'target' });
    expect(to({ backendRefs: [backend('bucket', { weight: 0 })] })).toMatchObject({
      kind: 'closed',
      why: 'the route names no backend',
    });
  });

  test('of which one leads nowhere lead nowhere', () => {
    const mayReach: Surroundings['mayReach'] = (_, { namespace }) => namespace === 'shop';
    const refs = [backend('bucket'), backend('bucket', { namespace: 'other' })];
    expect(to({ backendRefs: refs }, { mayReach })).toMatchObject({ kind: 'closed' });
  });
});

describe('a policy', () => {
  const found = (governing: Governing) =>
    to({ backendRefs: [backend('bucket')] }, { policies: { governing: () => governing } });

  test('that is not in force, or whose name belongs elsewhere, is named', () => {
    expect(found({ state: 'unready', name: 'shop/bucket' })).toMatchObject({ kind: 'closed', policy: 'shop/bucket' });
    const disputed = found({ state: 'disputed', name: 'shop/bucket', holder: 'other/bucket' });
    expect(disputed).toMatchObject({
      kind: 'closed',
      policy: 'shop/bucket',
      why: expect.stringContaining('other/bucket'),
    });
    expect(found({ state: 'none' })).not.toHaveProperty('policy');
  });

  test('says whose tokens count, and whose are exchanged: those of all policies of the name, where the platform is among them', () => {
    const of = (...issuers: readonly string[]) => {
      const target = found({ state: 'ready', policy: ready('bucket', issuers) });
      if (target.kind !== 'target') throw new Error('no target');
      return { external: [...target.target.external.keys()], exchanged: [...target.target.exchanged] };
    };
    expect(of(PLATFORM)).toEqual({ external: [], exchanged: [PLATFORM, PARTNER] });
    expect(of(PLATFORM, PARTNER)).toEqual({ external: [PARTNER], exchanged: [PLATFORM, PARTNER] });
    expect(of(PARTNER)).toEqual({ external: [PARTNER], exchanged: [] });
  });
});

test('a redirect needs no backend, and is closed all the same in a route that the mesh does not take', () => {
  const redirect = { filters: [{ type: 'RequestRedirect' }] };
  expect(to(redirect)).toEqual({ kind: 'gateway' });
  expect(destinationOf(redirect, { ...ROUTE, isRefused: true }, around())).toMatchObject({ kind: 'closed' });
});

test.each([
  ['another group', { group: 'example.org' }],
  ['another kind', { kind: 'ServiceImport' }],
])('a backend of %s is none', (_, more) => {
  expect(to({ backendRefs: [backend('bucket', more)] })).toMatchObject({ kind: 'closed' });
});
