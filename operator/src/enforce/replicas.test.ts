import type { KubeObject } from '@sekisho/kube';
import { expect, test } from 'vitest';
import { replicasIn } from './replicas.ts';

const slice = (
  name: string,
  endpoints: readonly unknown[],
  ports: unknown = [{ name: 'http-monitoring', port: 15014 }],
): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace: 'istio-system' },
  endpoints,
  ports,
});
const pod = (name: string, address: string, conditions: object = { ready: true }) => ({
  addresses: [address],
  conditions,
  targetRef: { kind: 'Pod', name, uid: `uid-${name}` },
});

test('every replica is found once, over Services and address families', () => {
  const slices = [
    slice('istiod-v4', [pod('a', '10.0.0.1'), pod('b', '10.0.0.2')]),
    slice('istiod-v6', [pod('a', 'fd00::1'), pod('c', 'fd00::3')]),
    slice('istiod-canary', [pod('b', '10.0.0.2')]),
  ];
  const names = replicasIn(slices).map(({ name }) => name);
  expect(names.sort()).toEqual(['a', 'b', 'c']);
  expect(replicasIn(slices).find(({ name }) => name === 'c')?.url).toBe('http://[fd00::3]:15014');
});

test('one that is not ready is left out, unless it still serves', () => {
  const ended = pod('a', '10.0.0.1', { ready: false });
  const ending = pod('b', '10.0.0.2', { ready: false, serving: true, terminating: true });
  expect(replicasIn([slice('istiod', [ended, ending])]).map(({ name }) => name)).toEqual(['b']);
});

test('the port is that of the Service, or the one that istiod has by default', () => {
  const url = (ports: unknown) => replicasIn([slice('istiod', [pod('a', '10.0.0.1')], ports)])[0]?.url;
  expect(
    url([
      { name: 'grpc-xds', port: 15010 },
      { name: 'http-monitoring', port: 25014 },
    ]),
  ).toBe('http://10.0.0.1:25014');
  expect(url(null)).toBe('http://10.0.0.1:15014');
});

test('what is no endpoint is passed over, and never are too many asked', () => {
  expect(replicasIn([slice('istiod', [{}, { addresses: [] }, null])])).toEqual([]);
  const many = Array.from({ length: 500 }, (_, index) => pod(`p${index}`, `10.0.${index >> 8}.${index & 255}`));
  expect(replicasIn([slice('istiod', many)])).toHaveLength(64);
});
