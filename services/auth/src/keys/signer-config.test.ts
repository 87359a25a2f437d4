import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { guardWorkloads, SignerEnvironment } from './signer-config.ts';

test('nobody has the keys of the guard unless that is said', () => {
  expect(guardWorkloads({ WORKLOAD_KEYS: 'cluster' })).toEqual([]);
});

test('who has them is named as a ServiceAccount', () => {
  const names = 'sekisho-system/guard,edge/guard.eu';
  expect(guardWorkloads({ WORKLOAD_KEYS: 'cluster', GUARD_WORKLOADS: names })).toEqual([
    { namespace: 'sekisho-system', serviceAccount: 'guard' },
    { namespace: 'edge', serviceAccount: 'guard.eu' },
  ]);
});

test.each([
  '',
  'guard',
  'sekisho-system/',
  '/guard',
  '*/guard',
  'sekisho-system/*',
  'a/b, c/d',
  'a/b,',
  'a/b/c',
  'A/b',
  'system:serviceaccount:a:b',
])('nobody is named %j', (names) => {
  expect(Value.Check(SignerEnvironment.GUARD_WORKLOADS, names)).toBe(false);
});

test('who has them must be able to prove it', () => {
  expect(() => guardWorkloads({ GUARD_WORKLOADS: 'sekisho-system/guard' })).toThrow('GUARD_WORKLOADS');
});
