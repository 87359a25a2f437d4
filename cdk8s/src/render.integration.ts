import { randomBytes } from 'node:crypto';
import { connect, discover, KubeClient, type Resource } from '@sekisho/kube';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { renderPlatform } from './platform.ts';
import { renderShop } from './shop.ts';

const core = (plural: string, kind: string, namespaced = true): Resource => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
});
const NAMESPACES = core('namespaces', 'Namespace', false);
const PODS = core('pods', 'Pod');

const namespace = `cdk8s-${randomBytes(4).toString('hex')}`;
const transport = connect({ kubeconfig: inject('kubeconfig') });
const client = new KubeClient(transport, { fieldManager: 'cdk8s-test' });

const manifests = [
  ...renderPlatform({
    target: 'cluster',
    issuer: 'https://auth.example',
    bootstrapAdminEmail: 'a@example.org',
    edge: {},
    guard: { replicas: { min: 2, max: 4 } },
    redis: { volume: false },
    postgresql: { volume: false },
  }).manifests,
  ...renderShop({ target: 'cluster' }).manifests,
];
const builtIn = manifests.filter(
  ({ apiVersion, kind }) =>
    /^(v1$|apps\/|autoscaling\/|policy\/|networking\.k8s\.io\/)/.test(apiVersion) && kind !== 'Namespace',
);
const workloads = builtIn.filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind));

beforeAll(async () => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
});

afterAll(async () => {
  await client.delete(NAMESPACES, { name: namespace });
  await transport.close();
});

const pod = (name: string, spec: unknown) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec,
});

/** Server-side apply refuses a field that the type does not have. */
test.each(builtIn)('the API server takes $kind $metadata.name', async (manifest) => {
  const { apiVersion, kind, metadata } = manifest;
  const resource = await discover(client, { apiVersion, kind });
  const applied = await client.apply(resource, { ...manifest, metadata: { ...metadata, namespace } });
  expect(applied.metadata.name).toBe(metadata.name);
});

describe('in a namespace that enforces the pod security standard `restricted`', () => {
  test.each(workloads)('a pod of $metadata.name is admitted', async ({ metadata, spec }) => {
    const { template } = spec as { template: { spec: unknown } };
    const created = await client.create(PODS, pod(`${metadata.name}-1`, template.spec));
    expect(created.metadata.name).toBe(`${metadata.name}-1`);
  });

  test('a pod that asks for nothing is not, so the standard is really enforced', async () => {
    const careless = pod('careless', { containers: [{ name: 'careless', image: 'example/careless:1' }] });
    await expect(client.create(PODS, careless)).rejects.toMatchObject({ code: 'forbidden' });
  });
});
