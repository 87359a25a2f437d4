import { describe, expect, test } from 'vitest';
import { route } from '../testing/objects.ts';
import { attaches, byAge, byRouteAge } from './attachment.ts';
import type { Listener, ParentRef } from './shapes.ts';

const GATEWAY = { namespace: 'istio-ingress', name: 'public' };
const LISTENER: Listener = { name: 'http', port: 80, protocol: 'HTTP' };
const HERE: ParentRef = GATEWAY;

interface Case {
  readonly parents?: readonly ParentRef[];
  readonly allowed?: Listener['allowedRoutes'];
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

function joins({ parents = [HERE], allowed, namespace = 'shop', labels }: Case): boolean {
  const listener = { ...LISTENER, ...(allowed && { allowedRoutes: allowed }) };
  return attaches(parents, listener, { gateway: GATEWAY, namespace, labels });
}

const all = { namespaces: { from: 'All' } };

describe('a route joins a listener', () => {
  test.each<[string, ParentRef, boolean]>([
    ['its Gateway', HERE, true],
    ['its Gateway in full', { ...HERE, group: 'gateway.networking.k8s.io', kind: 'Gateway' }, true],
    ['the listener by its name', { ...HERE, sectionName: 'http' }, true],
    ['the listener by its port', { ...HERE, port: 80 }, true],
    ['another Gateway', { ...HERE, name: 'other' }, false],
    ['one of its own namespace, which this is not', { name: 'public' }, false],
    ['another listener', { ...HERE, sectionName: 'https' }, false],
    ['another port', { ...HERE, port: 81 }, false],
    ['a Service of that name', { ...HERE, group: '', kind: 'Service' }, false],
    ['another group', { ...HERE, group: 'example.org' }, false],
  ])('that names %s: %s %s', (_, parent, expected) => {
    expect(joins({ parents: [parent], allowed: all })).toBe(expected);
  });

  test('by any of its parents, and by none where it names none', () => {
    expect(joins({ parents: [{ name: 'other' }, HERE], allowed: all })).toBe(true);
    expect(joins({ parents: [], allowed: all })).toBe(false);
  });
});

describe('a listener takes routes', () => {
  const from = (what: string) => ({ namespaces: { from: what } });

  test('of its own namespace, where nothing else is said', () => {
    expect(joins({ namespace: 'istio-ingress' })).toBe(true);
    expect(joins({})).toBe(false);
    expect(joins({ allowed: from('Same') })).toBe(false);
    expect(joins({ allowed: {}, namespace: 'istio-ingress' })).toBe(true);
  });

  test('of nobody by a word that is not known', () => {
    expect(joins({ allowed: from('None') })).toBe(false);
    expect(joins({ allowed: from('OfALaterVersion'), namespace: 'istio-ingress' })).toBe(false);
  });

  test('of its kinds', () => {
    const kinds = (...names: readonly string[]) => ({ ...all, kinds: names.map((kind) => ({ kind })) });
    expect(joins({ allowed: kinds() })).toBe(true);
    expect(joins({ allowed: kinds('GRPCRoute', 'HTTPRoute') })).toBe(true);
    expect(joins({ allowed: kinds('GRPCRoute') })).toBe(false);
    expect(joins({ allowed: { ...all, kinds: [{ group: 'example.org', kind: 'HTTPRoute' }] } })).toBe(false);
  });

  const expression = (operator: string, values?: string[]) => ({ key: 'team', operator, ...(values && { values }) });
  test.each<[string, object, Readonly<Record<string, string>> | undefined, boolean]>([
    ['a label', { matchLabels: { team: 'a' } }, { team: 'a' }, true],
    ['another value', { matchLabels: { team: 'a' } }, { team: 'b' }, false],
    ['what is not known', { matchLabels: { team: 'a' } }, undefined, false],
    ['everything that is known', {}, {}, true],
    ['nothing', {}, undefined, false],
    ['one of several', { matchExpressions: [expression('In', ['a', 'b'])] }, { team: 'b' }, true],
    ['one of several, where it is absent', { matchExpressions: [expression('In', ['a'])] }, {}, false],
    ['none of several', { matchExpressions: [expression('NotIn', ['a'])] }, { team: 'b' }, true],
    ['none of several, where it is absent', { matchExpressions: [expression('NotIn', ['a'])] }, {}, true],
    ['none of several, but it is', { matchExpressions: [expression('NotIn', ['a'])] }, { team: 'a' }, false],
    ['a label that is there', { matchExpressions: [expression('Exists')] }, { team: '' }, true],
    ['a label that is not there', { matchExpressions: [expression('DoesNotExist')] }, { team: 'a' }, false],
    ['an operator that is not known', { matchExpressions: [expression('Gt', ['1'])] }, { team: '2' }, false],
    ['all of it', { matchLabels: { a: 'b' }, matchExpressions: [expression('Exists')] }, { team: 'a' }, false],
  ])('of namespaces by %s', (_, selector, labels, expected) => {
    const allowed = { namespaces: { from: 'Selector', selector } };
    expect(joins({ allowed, ...(labels && { labels }) })).toBe(expected);
  });

  // So does istiod: what it would lead there must not go unseen.
  test('by a selector that is missing: all', () => {
    expect(joins({ allowed: from('Selector'), labels: { team: 'a' } })).toBe(true);
    expect(joins({ allowed: from('Selector') })).toBe(true);
  });
});

test('the oldest comes first, then by namespace and name, and what was never stored last', () => {
  const at = (day: number) => `2026-01-0${day}T00:00:00Z`;
  const { metadata, ...rest } = route({}, { name: 'a', creationTimestamp: at(1) });
  const { creationTimestamp: _, ...unstored } = metadata;
  const ordered = [
    route({}, { namespace: 'z', name: 'old', creationTimestamp: at(1) }),
    route({}, { namespace: 'a', name: 'b', creationTimestamp: at(2) }),
    route({}, { namespace: 'b', name: 'a', creationTimestamp: at(2) }),
    { ...rest, metadata: unstored },
  ];
  expect(ordered.toReversed().sort(byAge)).toEqual(ordered);
});

test('of routes of one second the namespaces are compared, and then the names, as istiod has them: with a tilde behind', () => {
  const of = (namespace: string, name: string) => route({}, { namespace, name });
  const ordered = [of('a', 'shop-two'), of('a', 'shop'), of('a', 'wide'), of('a-b', 'a')];
  expect(ordered.toReversed().sort(byRouteAge)).toEqual(ordered);
});
