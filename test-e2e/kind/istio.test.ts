import { expect, test } from 'vitest';
import { mergedMeshConfig } from './istio.ts';

const ours = { trustDomain: 'cluster.local', extensionProviders: [{ name: 'sekisho-edge', port: 80 }] };

test('settings of a mesh that this project does not name stay, and so do the providers of others', () => {
  const there = {
    ...{ trustDomain: 'old.example', accessLogEncoding: 'JSON' },
    extensionProviders: [{ name: 'zipkin' }, { name: 'sekisho-edge', port: 8080 }],
  };
  expect(mergedMeshConfig(there, ours)).toEqual({
    ...{ trustDomain: 'cluster.local', accessLogEncoding: 'JSON' },
    extensionProviders: [{ name: 'zipkin' }, { name: 'sekisho-edge', port: 80 }],
  });
});

test('what is merged once is the same when it is merged again', () => {
  const once = mergedMeshConfig({}, ours);
  expect(mergedMeshConfig(once, ours)).toEqual(once);
});
