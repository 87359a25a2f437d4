import { randomBytes } from 'node:crypto';
import { connect, discover, InvalidError, KubeClient } from '@sekisho/kube';
import { afterAll, expect, inject, test, vi } from 'vitest';
import { DefinitionGuard } from './definition-guard.ts';
import { render } from './kubernetes.ts';

const transport = connect({ kubeconfig: inject('kubeconfig') });
const client = new KubeClient(transport, { fieldManager: 'cdk8s-test' });
afterAll(() => transport.close());

const suffix = randomBytes(4).toString('hex');
const group = `${suffix}.guard.test`;
/** Stands for ours: other tests need those. */
const name = `gates.${group}`;
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'gates', kind: 'Gate' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
const { manifests } = render((chart) => {
  new DefinitionGuard(chart, 'guard', { name: `guard-${suffix}`, definitions: [name] });
  return {};
});

test('a definition is deleted only once it was annotated for it', { timeout: 60_000 }, async () => {
  const definitions = await discover(client, definition);
  for (const manifest of manifests) await client.apply(await discover(client, manifest), manifest);
  try {
    // The API server takes a while to know of a new admission policy: until it refuses, the definition is made anew.
    await vi.waitFor(async () => {
      await client.apply(definitions, definition, { force: true });
      await expect(client.delete(definitions, { name })).rejects.toThrow('auth.sekisho.dev/deletion=allowed');
    }, 40_000);
    await expect(client.delete(definitions, { name })).rejects.toBeInstanceOf(InvalidError);
    const annotated = { ...definition, metadata: { name, annotations: { 'auth.sekisho.dev/deletion': 'allowed' } } };
    await client.apply(definitions, annotated, { force: true });
    await client.delete(definitions, { name });
  } finally {
    for (const manifest of manifests) await client.delete(await discover(client, manifest), manifest.metadata);
  }
});
