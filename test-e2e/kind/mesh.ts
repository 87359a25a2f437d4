import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo, WorkloadInfo } from '../mesh/mesh-info.ts';
import { setUpShop } from '../mesh/shop-set-up.ts';
import { waitFor } from '../mesh/wait.ts';
import { openEgress } from './egress.ts';
import { type Dial, type Forward, forward, type LocalAddress } from './forward.ts';
import { ENVOY_ADMIN_PORT, SUITE_NAMESPACE } from './names.ts';
import { readyPod } from './pods.ts';
import { portForward, readAccess } from './port-forward.ts';
import { startRelay, tunnelTo } from './relay-pod.ts';
import type { Tunnel } from './tunnel.ts';

/** The pod outside of the mesh by which the suite reaches what the cluster's network does. */
export const CLIENT = { namespace: SUITE_NAMESPACE, name: 'client' } as const;
const SHOP = 'shop';
/** Those in whose name the suite sends. */
const SENDERS = ['bucket', 'user'] as const;
const GATEWAYS = { 'public-istio': 'istio-ingress', 'edge-istio': 'istio-edge' } as const;
const LONG_MS = 300_000;

export interface Entrance extends AsyncDisposable {
  readonly client: Tunnel;
  /** The guarded gateway on loopback: part of the issuer's URL, so there before the platform is installed. */
  readonly edge: Forward;
}

export interface Administrator {
  readonly adminEmail: string;
  readonly adminPasswordFile: string;
}

export interface ClusterMeshOptions {
  readonly kubeconfig: string;
  /** Where what belongs to this run is written. */
  readonly folder: string;
  /** Has Node on its PATH. */
  readonly image: string;
  readonly entrance: Entrance;
  readonly administrator: Administrator;
}

/** Starts the suite's own pod, and listens where browsers will find the shop. */
export async function openEntrance(
  cluster: Cluster,
  { kubeconfig, image, edge }: { readonly kubeconfig: string; readonly image: string; readonly edge: LocalAddress },
): Promise<Entrance> {
  await startRelay(cluster, { ...CLIENT, labels: { app: 'client' }, serviceAccount: 'default', meshed: false, image });
  await using opened = new AsyncDisposableStack();
  const client = opened.use(tunnelTo(readAccess(kubeconfig), CLIENT));
  const listening = opened.use(await forward(() => client.connect('edge-istio.istio-edge.svc', 80), edge));
  const held = opened.move();
  return { client, edge: listening, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

export const issuerOf = ({ edge }: Entrance): string => `http://localhost:${edge.port}`;

/** A mesh in a cluster as the suite uses it. The info is true until it is disposed of. */
export interface ClusterMesh extends AsyncDisposable {
  readonly info: MeshInfo;
}

/** Opens the ways to an installed platform with its shop, and answers when its policies are programmed and the edge serves. */
export async function openMesh(cluster: Cluster, options: ClusterMeshOptions): Promise<ClusterMesh> {
  await using opened = new AsyncDisposableStack();
  const ways = new Ways(cluster, options, opened);
  const issuer = issuerOf(options.entrance);
  // Their NetworkPolicies keep others out, but not who may forward ports.
  const parts = (name: string) => ({ namespace: 'sekisho-system', labelSelector: `app=${name}` });
  const auth = { url: await ways.pod(parts('auth'), 8080), issuer, ...options.administrator };
  const adminUrl = await ways.pod(parts('auth'), 8081);
  const workloads = Object.fromEntries([...(await gateways(ways)), ...(await senders(ways))]);
  const processes = join(options.folder, 'processes.json');
  await writeFile(processes, '[]\n');
  await programmed(cluster);
  const info = {
    kubeconfig: options.kubeconfig,
    gateway: await ways.service('public-istio.istio-ingress', 80),
    edge: `http://127.0.0.1:${options.entrance.edge.port}`,
    web: issuer,
    shopper: await setUpShop({ ...auth, adminUrl }, issuer, options.folder),
    guard: await ways.pod(parts('sekisho-guard'), 9090),
    auth: { ...auth, adminUrl },
    operator: await ways.pod(parts('sekisho-operator'), 9090),
    redis: (await ways.pod(parts('sekisho-redis'), 6379)).replace('http:', 'redis:'),
    istiods: [await ways.service('istiod.istio-system', 15014)],
    discovery: (await ways.service('istiod.istio-system', 15012)).replace('http://', ''),
    workloads,
    processes,
    cluster: { image: options.image, client: CLIENT },
  };
  const held = opened.move();
  return { info, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Ports on loopback that lead into the cluster. */
class Ways {
  readonly cluster: Cluster;
  readonly options: ClusterMeshOptions;
  readonly opened: AsyncDisposableStack;

  constructor(cluster: Cluster, options: ClusterMeshOptions, opened: AsyncDisposableStack) {
    this.cluster = cluster;
    this.options = options;
    this.opened = opened;
  }

  /** Base URL of a port of a Service. */
  service(host: string, port: number): Promise<string> {
    return this.#listen(() => this.options.entrance.client.connect(`${host}.svc`, port));
  }

  /** Base URL of a port on the loopback interface of a pod, whichever is ready when somebody connects. */
  pod(query: { readonly namespace: string; readonly labelSelector: string }, port: number): Promise<string> {
    const access = readAccess(this.options.kubeconfig);
    return this.#listen(async () => {
      const pod = await readyPod(this.cluster, query);
      return portForward(access, { namespace: query.namespace, pod, port });
    });
  }

  async #listen(dial: Dial): Promise<string> {
    const { host, port } = this.opened.use(await forward(dial));
    return `http://${host}:${port}`;
  }
}

async function gateways(ways: Ways): Promise<[string, WorkloadInfo][]> {
  const info = async ([name, namespace]: readonly [string, string]): Promise<[string, WorkloadInfo]> => {
    const labelSelector = `gateway.networking.k8s.io/gateway-name=${name.replace(/-istio$/, '')}`;
    const address = (await ways.service(`${name}.${namespace}`, 80)).replace('http://', '');
    const envoyAdmin = await ways.pod({ namespace, labelSelector }, ENVOY_ADMIN_PORT);
    return [name, { namespace, serviceAccount: name, address, envoyAdmin }];
  };
  return Promise.all(Object.entries(GATEWAYS).map(info));
}

/** Beside each a pod with the same identity, which no policy selects. */
async function senders(ways: Ways): Promise<[string, WorkloadInfo][]> {
  const { cluster, options, opened } = ways;
  const info = async (name: string): Promise<[string, WorkloadInfo]> => {
    const pod = { namespace: SHOP, name: `sender-${name}` };
    const labels = { app: pod.name };
    await startRelay(cluster, { ...pod, labels, serviceAccount: name, meshed: true, image: options.image });
    const egress = opened.use(await openEgress(opened.use(tunnelTo(readAccess(options.kubeconfig), pod))));
    const address = (await ways.service(`${name}.${SHOP}`, 80)).replace('http://', '');
    const envoyAdmin = await ways.pod({ namespace: SHOP, labelSelector: `app=${name}` }, ENVOY_ADMIN_PORT);
    return [name, { namespace: SHOP, serviceAccount: name, address, egressProxy: egress.url, envoyAdmin }];
  };
  return Promise.all(SENDERS.map(info));
}

/** Waits for every ServiceAuthPolicy of the cluster. */
export async function programmed(cluster: Cluster): Promise<void> {
  const resource = await cluster.resource({ apiVersion: 'auth.sekisho.dev/v1alpha1', kind: 'ServiceAuthPolicy' });
  const waiting = async () => {
    const { items } = await cluster.client.list(resource);
    const names = items.filter(({ status }) => !isProgrammed(status)).map(({ metadata }) => metadata.name);
    if (names.length > 0) throw new Error(`not yet: ${names.join(', ')}`);
    return true;
  };
  await waitFor('every ServiceAuthPolicy is programmed', waiting, { timeout: LONG_MS, every: 500 });
}

function isProgrammed(status: unknown): boolean {
  const conditions = (status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions;
  return conditions?.some((condition) => condition.type === 'Programmed' && condition.status === 'True') ?? false;
}
