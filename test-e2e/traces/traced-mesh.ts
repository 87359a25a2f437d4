import { join } from 'node:path';
import type { Manifest } from '@sekisho/cdk8s';
import { Cluster } from '../mesh/cluster.ts';
import { documents } from '../mesh/documents.ts';
import { plainWorkloadEntry } from '../mesh/manifests.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { REPOSITORY } from '../mesh/paths.ts';
import { remove } from '../mesh/remove.ts';
import { type Collector, startCollector } from './collector.ts';

const NAMESPACE = 'observability';
const NAME = 'opentelemetry-collector';

/** A mesh whose requests are all traced, until it is disposed of. */
export interface TracedMesh extends AsyncDisposable {
  readonly collector: Collector;
}

/** Puts a collector where the mesh config says that one is, and has every proxy record every request. */
export async function traceMesh(mesh: MeshInfo): Promise<TracedMesh> {
  await using opened = new AsyncDisposableStack();
  const { collector: address } = mesh;
  if (address === undefined) throw new Error('nothing in this mesh delivers spans');
  const collector = opened.use(await startCollector(address));
  const cluster = new Cluster(mesh.kubeconfig);
  opened.defer(() => cluster.close());
  await cluster.apply(collectorManifests(address));
  const telemetry = await everyRequest();
  opened.defer(() => remove(cluster, telemetry));
  await cluster.apply([telemetry]);
  const owned = opened.move();
  return { collector, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A process of this machine as the Service that the mesh config names. */
function collectorManifests(address: string): readonly Manifest[] {
  const [host = '', port = ''] = address.split(':');
  const labels = { app: NAME };
  const name = 'http-otlp';
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: NAME, namespace: NAMESPACE },
      spec: { selector: labels, ports: [{ name, port: 4318, targetPort: Number(port) }] },
    } as Manifest,
    plainWorkloadEntry({ name: NAME, namespace: NAMESPACE, labels, address: host }, { name, number: Number(port) }),
  ];
}

/** What users install, with every request in the place of one in a hundred. */
async function everyRequest(): Promise<Manifest> {
  const [telemetry] = await documents(join(REPOSITORY, 'istio/telemetry.yaml'));
  if (telemetry === undefined) throw new Error('istio/telemetry.yaml is empty');
  const { tracing } = telemetry['spec'] as { tracing: readonly object[] };
  return {
    ...telemetry,
    spec: { tracing: tracing.map((one) => ({ ...one, randomSamplingPercentage: 100 })) },
  } as Manifest;
}
