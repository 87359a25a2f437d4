import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Manifest } from './kubernetes.ts';
import { renderMonitoring } from './monitoring.ts';
import { renderPlatform } from './platform.ts';
import { renderShop } from './shop.ts';
import { KEY_SET } from './testing/key-set.ts';
import { openPrivateCluster, type PrivateCluster } from './testing/private-cluster.ts';

const issuer = 'https://auth.example';
const gateway = { name: 'edge', namespace: 'istio-edge' };
const profiles: Readonly<Record<string, readonly Manifest[]>> = {
  'the default platform and the shop': [
    ...renderPlatform({ issuer }).manifests,
    ...renderShop({ target: 'cluster' }).manifests,
  ],
  'a platform beside processes': [
    ...renderPlatform({ target: 'local', issuer, edge: {}, webhookUrl: 'https://127.0.0.1:9443' }).manifests,
    ...renderShop({ target: 'local', web: { gateway, issuer } }).manifests,
  ],
  'a platform with everything of its own': renderPlatform({
    issuer,
    bootstrapAdminEmail: 'a@example.org',
    edge: {},
    gatewayServiceType: 'ClusterIP',
    auth: { replicas: { min: 2, max: 6 }, trustedProxies: ['10.0.0.0/8'] },
    guard: { replicas: { min: 2, max: 6, targetCpu: '500m' }, meshed: true, loginPath: '/login' },
    redis: { volume: false },
    postgresql: { volume: { size: '1Gi', storageClassName: 'fast' } },
    traces: { endpoint: 'http://otel-collector.observability:4318' },
  }).manifests,
  'a platform behind a Gateway that is there': renderPlatform({
    issuer,
    namespace: 'checkpoint',
    gateway: false,
    edge: { gateway },
    network: false,
  }).manifests,
  'a shop without the operator': renderShop({ target: 'cluster', static: { issuer, jwks: KEY_SET } }).manifests,
  'what watches a platform': renderMonitoring(renderPlatform({ issuer, edge: {} }), {
    labels: { release: 'prometheus' },
  }),
};

let cluster: PrivateCluster;
beforeAll(async () => {
  cluster = await openPrivateCluster();
  const namespaces = Object.values(profiles)
    .flat()
    .filter(({ kind }) => kind === 'Namespace');
  const istio = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'istio-system' } };
  await cluster.apply([istio, ...namespaces]);
}, 300_000);
afterAll(() => cluster?.close(), 60_000);

describe.each(Object.entries(profiles))('of %s', (_, manifests) => {
  const objects = manifests.filter(({ kind }) => kind !== 'Namespace');

  test('the API server takes every object, and knows every field of it', { timeout: 300_000 }, async () => {
    for (const object of objects) {
      const { status, body } = await cluster.dryRun(object);
      expect({ kind: object.kind, name: object.metadata.name, status, message: body.message }).toMatchObject({
        status: 201,
      });
    }
  });

  const workloads = objects.filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind));
  test.skipIf(workloads.length === 0)('every pod meets the pod security standard `restricted`', async () => {
    for (const workload of workloads) {
      const { status, body } = await cluster.dryRun(podOf(workload));
      expect({ name: workload.metadata.name, status, message: body.message }).toMatchObject({ status: 201 });
    }
  });
});

test('a field that a kind does not have is refused, so every field was really looked at', async () => {
  const misspelt = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' }, dta: {} };
  const { status, body } = await cluster.dryRun(misspelt);
  expect([status, body.message]).toEqual([400, expect.stringContaining('unknown field "dta"')]);
});

test('a pod that asks for nothing is refused in the namespace of the platform', async () => {
  const spec = { containers: [{ name: 'careless', image: 'example/careless:1' }] };
  const careless = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'careless', namespace: 'sekisho-system' }, spec };
  const { status, body } = await cluster.dryRun(careless);
  expect([status, body.message]).toEqual([403, expect.stringContaining('violates PodSecurity "restricted:latest"')]);
});

/** As its controller makes it, in the namespace that enforces `restricted`, whatever its own enforces. */
function podOf({ metadata, spec }: Manifest): Manifest {
  const { template, volumeClaimTemplates = [] } = spec as PodController;
  const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${metadata.name}-0` },
  }));
  const volumes = [...(template.spec.volumes ?? []), ...claims];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${metadata.name}-0`, namespace: 'sekisho-system', labels: template.metadata.labels },
    spec: { ...template.spec, volumes },
  };
}

interface PodController {
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: { readonly volumes?: readonly unknown[] };
  };
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
}
