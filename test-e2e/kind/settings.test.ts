import { expect, test } from 'vitest';
import { settingsFrom } from './settings.ts';

test('nothing is set but what images are called, and that everything is removed in the end', () => {
  const { folder, redis, ...settings } = settingsFrom({});
  expect(settings).toEqual({ cluster: 'sekisho-e2e', registry: 'sekisho', tag: 'e2e', keep: false });
  expect(redis).toEqual({});
  expect(folder).toMatch(/\/\.local\/kind$/);
});

test('an empty variable is not set, as make hands variables on', () => {
  const names = [
    'KUBECONFIG',
    'CLUSTER',
    'KIND_CONFIG',
    'NODE_IMAGE',
    'ISTIO_HUB',
    'ISTIO_TAG',
    'ISTIO_CONFIG',
    'KEEP',
    'TAG',
  ];
  expect(settingsFrom(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(settingsFrom({}));
});

test('a cluster that is made and the Istio in it take files and images of their own', () => {
  const env = {
    ...{ CLUSTER: 'mine', KIND_CONFIG: 'kind.yaml', NODE_IMAGE: 'mirror.example/node:v1', KEEP: '0' },
    ...{ ISTIO_HUB: 'mirror.example/istio', ISTIO_TAG: '1.30.0', ISTIO_CONFIG: 'istio.yaml' },
  };
  expect(settingsFrom(env)).toMatchObject({
    ...{ cluster: 'mine', kindConfig: 'kind.yaml', nodeImage: 'mirror.example/node:v1', keep: true },
    ...{ istioHub: 'mirror.example/istio', istioTag: '1.30.0', istioConfig: 'istio.yaml' },
  });
});
