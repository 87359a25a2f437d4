import { expect, test } from 'vitest';
import { operatorOf } from './istio-install.ts';

const meshConfig = { trustDomain: 'cluster.local' };

test('hub and tag are those of istioctl unless others are named', () => {
  expect(operatorOf({ hub: undefined, tag: undefined, meshConfig })).not.toHaveProperty('spec.hub');
  expect(operatorOf({ hub: undefined, tag: undefined, meshConfig })).not.toHaveProperty('spec.tag');
  expect(operatorOf({ hub: 'mirror.example/istio', tag: '1.30.0', meshConfig })).toMatchObject({
    spec: { hub: 'mirror.example/istio', tag: '1.30.0', meshConfig },
  });
});

test('variables of istiod are a map, to which an IstioOperator after this one adds', () => {
  expect(operatorOf({ hub: undefined, tag: undefined, meshConfig })).toMatchObject({
    spec: { values: { pilot: { env: { PILOT_DEBOUNCE_MAX: '1s' } } } },
  });
});
