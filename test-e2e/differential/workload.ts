import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@sekisho/cdk8s';
import { Addresses } from '../mesh/addresses.ts';
import type { Cluster } from '../mesh/cluster.ts';
import { endLeftovers, killMarked } from '../mesh/leftovers.ts';
import { sidecar, workloadEntry } from '../mesh/manifests.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { LOCAL } from '../mesh/paths.ts';
import type { ProxyWorkload } from '../mesh/proxy.ts';
import { Supervisor } from '../mesh/supervisor.ts';
import { startProxy } from '../mesh/workloads.ts';
import { ensureToolchain } from '../toolchain/index.ts';
import { startApp } from './app.ts';
import { remove } from './remove.ts';

export const NAMESPACE = 'differential';
export const LABELS = { app: 'probe' } as const;
export const PORTS = [
  { name: 'http', number: 8080 },
  { name: 'http-more', number: 9090 },
] as const;

/** An Envoy of its own in the running mesh, with an app behind it that takes everything. */
export interface Workload extends AsyncDisposable {
  /** Loopback address on which it takes mTLS and plain text, on each of PORTS. */
  readonly address: string;
  readonly envoyAdmin: string;
}

/** Adds the workload to the mesh. What a run that was killed left of it is ended first. */
export async function startWorkload(mesh: MeshInfo, cluster: Cluster): Promise<Workload> {
  await using opened = new AsyncDisposableStack();
  const folder = await emptyFolder();
  const context = { folder, logs: join(folder, 'logs'), addresses: new Addresses(folder) };
  const workload = { ...PLAN, address: context.addresses.host() };
  const app = await startApp();
  opened.defer(() => app.close());
  for (const manifest of [...ACCOUNT, workloadEntry(workload, PORTS), sidecar(workload, PORTS, app.port)]) {
    // The namespace stays: nothing here finalises the deletion of one.
    if (manifest.kind !== 'Namespace') opened.defer(() => remove(cluster, manifest));
    await cluster.apply([manifest]);
  }
  const supervisor = new Supervisor(join(folder, 'processes.json'), folder);
  // Before the app: it waits for its connections to end.
  opened.defer(() => supervisor.stop());
  const tools = await ensureToolchain(process.env, (line) => console.log(`  ${line}`));
  const envoyAdmin = await startProxy({ tools, supervisor, context, cluster }, workload, mesh.discovery);
  const held = opened.move();
  return { address: workload.address, envoyAdmin, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** For logs and credentials; its processes end with this one at the latest. */
async function emptyFolder(): Promise<string> {
  const folder = join(LOCAL, 'differential');
  await endLeftovers(folder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'logs'), { recursive: true });
  process.once('exit', () => killMarked(folder));
  return folder;
}

const PLAN: Omit<ProxyWorkload, 'address'> = {
  role: 'sidecar',
  name: 'probe',
  namespace: NAMESPACE,
  serviceAccount: 'probe',
  labels: LABELS,
};

const metadata = { name: PLAN.name, namespace: NAMESPACE };
const ACCOUNT: readonly Manifest[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: LABELS, ports: PORTS.map(({ name, number }) => ({ name, port: number, appProtocol: 'http' })) },
  },
];
