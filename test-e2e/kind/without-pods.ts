import { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { waitFor } from '../mesh/wait.ts';
import { podsOf } from './pods.ts';

const LONG_MS = 300_000;

interface Workload {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly namespace: string;
  readonly name: string;
}

const ISTIOD: Workload = { kind: 'Deployment', namespace: 'istio-system', name: 'istiod' };

/** What runs the parts of the mesh in a cluster, by the name of the process on the local mesh. */
const WORKLOADS: Readonly<Record<string, Workload>> = {
  operator: { kind: 'Deployment', namespace: 'sekisho-system', name: 'sekisho-operator' },
  auth: { kind: 'Deployment', namespace: 'sekisho-system', name: 'auth' },
  guard: { kind: 'Deployment', namespace: 'sekisho-system', name: 'sekisho-guard' },
  valkey: { kind: 'StatefulSet', namespace: 'sekisho-system', name: 'sekisho-redis' },
  istiod: ISTIOD,
  'istiod-2': ISTIOD,
};

interface Scaled {
  readonly spec: { readonly replicas?: number; readonly selector: { readonly matchLabels: Record<string, string> } };
  readonly status?: { readonly readyReplicas?: number; readonly observedGeneration?: number };
}

/** Takes all pods of these parts away, at once, runs `meanwhile` without them, and waits until as many are ready again. */
export async function withoutPods<T>(
  { kubeconfig }: Pick<MeshInfo, 'kubeconfig'>,
  names: readonly string[],
  meanwhile: () => Promise<T>,
): Promise<T> {
  const cluster = new Cluster(kubeconfig);
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => cluster.close());
  for (const workload of new Set(names.map(workloadOf))) {
    const { spec } = await read(cluster, workload);
    // Deferred ones run in reverse, so this waits for what is started just below.
    cleanup.defer(() => ready(cluster, workload));
    cleanup.defer(() => scale(cluster, workload, spec.replicas ?? 1));
    await scale(cluster, workload, 0);
    await gone(cluster, workload, spec.selector.matchLabels);
  }
  return await meanwhile();
}

function workloadOf(name: string): Workload {
  const found = WORKLOADS[name];
  if (found === undefined) throw new Error(`${name} is nothing that can be taken away from a cluster`);
  return found;
}

async function read(cluster: Cluster, { kind, namespace, name }: Workload) {
  const object = await cluster.get('apps/v1', kind, namespace, name);
  const { spec, status } = object as unknown as Scaled;
  return { spec, status, generation: object.metadata.generation };
}

/** As `kubectl scale` does; whoever else writes the object at the same time is read again. */
async function scale(cluster: Cluster, workload: Workload, replicas: number): Promise<void> {
  const { kind, namespace, name } = workload;
  const write = async () => {
    const object = await cluster.get('apps/v1', kind, namespace, name);
    const changed = Object.assign({ ...object }, { spec: { ...(object['spec'] as object), replicas } });
    await cluster.client.replace(await cluster.resource(object), changed);
    return true;
  };
  await waitFor(`${namespace}/${name} has ${replicas} replicas`, write, { timeout: LONG_MS });
}

async function gone(cluster: Cluster, { namespace, name }: Workload, labels: Record<string, string>) {
  const labelSelector = Object.entries(labels)
    .map((pair) => pair.join('='))
    .join(',');
  const none = async () => (await podsOf(cluster, { namespace, labelSelector })).length === 0;
  await waitFor(`${namespace}/${name} has no pods`, none, { timeout: LONG_MS, every: 250 });
}

async function ready(cluster: Cluster, workload: Workload): Promise<void> {
  const isReady = async () => {
    const { spec, status, generation } = await read(cluster, workload);
    return status?.observedGeneration === generation && (status?.readyReplicas ?? 0) === (spec.replicas ?? 1);
  };
  await waitFor(`${workload.namespace}/${workload.name} is ready`, isReady, { timeout: LONG_MS, every: 250 });
}
