import { describe, expect, test } from 'vitest';
import { isRefused } from './refused.ts';
import type { HttpRouteRule } from './shapes.ts';

const BACKEND = { name: 'bucket', port: 80 };
const GOOD: HttpRouteRule = { backendRefs: [BACKEND] };
const headers = (value: string) => ({ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ value }] } });

describe('istiod takes a route', () => {
  test.each<[string, HttpRouteRule]>([
    ['of backends', GOOD],
    ['without any', {}],
    ['that redirects', { filters: [{ type: 'RequestRedirect' }] }],
    ['that writes headers', { ...GOOD, filters: [headers('a\tb é')] }],
    ['with every kind of match', { matches: [{ path: { type: 'RegularExpression', value: '/a+' } }] }],
    // Of these it leaves out the backend alone.
    [
      'to a pool of inference',
      { backendRefs: [{ group: 'inference.networking.k8s.io', kind: 'InferencePool', name: 'm' }] },
    ],
    ['whose bad backend gets nothing', { backendRefs: [BACKEND, { name: 'a.b', port: 80, weight: 0 }] }],
  ])('%s', (_, rule) => {
    expect(isRefused([GOOD, rule])).toBe(false);
  });
});

describe('istiod takes nothing of a route with a rule', () => {
  test.each<[string, HttpRouteRule]>([
    ['with a filter that it does not know', { ...GOOD, filters: [{ type: 'ExtensionRef' }] }],
    ['with one at a backend that only rules have', { backendRefs: [{ ...BACKEND, filters: [{ type: 'CORS' }] }] }],
    ['that writes a header over two lines', { ...GOOD, filters: [headers('a\nb')] }],
    [
      'that adds a header with a control character to answers',
      { ...GOOD, filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { add: [{ value: '\x7f' }] } }] },
    ],
    ['with such a header at a backend', { backendRefs: [{ ...BACKEND, filters: [headers('\0')] }] }],
    ['to a host name in the place of a Service', { backendRefs: [{ name: 'bucket.shop', port: 80 }] }],
    ['to a Service without a port', { backendRefs: [{ name: 'bucket' }] }],
    ['to a ServiceImport without one', { backendRefs: [{ kind: 'ServiceImport', name: 'bucket' }] }],
    ['to a Hostname of a namespace', { backendRefs: [{ ...BACKEND, kind: 'Hostname', namespace: 'shop' }] }],
    ['with a path of a later version', { ...GOOD, matches: [{ path: { type: 'Glob', value: '/a' } }] }],
    ['with a header of one', { ...GOOD, matches: [{ headers: [{ type: 'Glob', name: 'a', value: 'b' }] }] }],
    ['with a parameter of one', { ...GOOD, matches: [{ queryParams: [{ type: 'Glob', name: 'a', value: 'b' }] }] }],
  ])('%s', (_, rule) => {
    expect(isRefused([GOOD, rule])).toBe(true);
  });
});
