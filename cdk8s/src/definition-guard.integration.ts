import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
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
  metadata: { name, labels: { guarded: suffix } },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'gates', kind: 'Gate' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
/** As `kubectl delete --raw` and clients that delete by label: the request names no object. */
async function deleteAll(): Promise<string> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions?labelSelector=guarded%3D${suffix}`;
  const signal = AbortSignal.timeout(60_000);
  const { body } = await transport.send({ method: 'DELETE', path, lane: 'request', headers: {}, signal });
  return text(Readable.from(body));
}

const { manifests } = render((chart) => {
  new DefinitionGuard(chart, 'guard', { name: `guard-${suffix}`, definitions: [name] });
  return {};
});

test('a definition is deleted only once it was annotated for it', async () => {
  const definitions = await discover(client, definition);
  for (const manifest of manifests) await client.apply(await discover(client, manifest), manifest);
  try {
    // The API server takes a while to know of a new admission policy: until it refuses, the definition is made anew.
    await vi.waitFor(async () => {
      const { metadata } = await client.apply(definitions, definition, { force: true });
      expect(metadata.deletionTimestamp).toBeUndefined();
      await expect(client.delete(definitions, { name })).rejects.toThrow('auth.sekisho.dev/deletion=allowed');
    }, 120_000);
    await expect(client.delete(definitions, { name })).rejects.toBeInstanceOf(InvalidError);
    expect(await deleteAll()).toContain('auth.sekisho.dev/deletion=allowed');
    const annotated = {
      ...definition,
      metadata: { ...definition.metadata, annotations: { 'auth.sekisho.dev/deletion': 'allowed' } },
    };
    await client.apply(definitions, annotated, { force: true });
    await client.delete(definitions, { name });
  } finally {
    for (const manifest of manifests) await client.delete(await discover(client, manifest), manifest.metadata);
  }
});
