import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startGuestPod } from '../kind/guest-pod.ts';
import { ensureToolchain } from '../toolchain/index.ts';
import { Addresses } from './addresses.ts';
import type { Cluster } from './cluster.ts';
import { accountOf, type Guest, type GuestPlan } from './guest-plan.ts';
import { endLeftovers, killMarked } from './leftovers.ts';
import { sidecar, workloadEntry } from './manifests.ts';
import type { MeshInfo } from './mesh-info.ts';
import { LOCAL } from './paths.ts';
import type { ProxyWorkload } from './proxy.ts';
import { remove } from './remove.ts';
import { Supervisor } from './supervisor.ts';
import { startProxy } from './workloads.ts';

export type { Guest, GuestPlan } from './guest-plan.ts';

/** Adds the workload to the mesh, wherever that runs. What a run that was killed left of it is ended first. */
export function startGuest(mesh: MeshInfo, cluster: Cluster, plan: GuestPlan): Promise<Guest> {
  return mesh.cluster === undefined
    ? startGuestProcess(mesh, cluster, plan)
    : startGuestPod({ ...mesh.cluster, kubeconfig: mesh.kubeconfig }, cluster, plan);
}

async function startGuestProcess(mesh: MeshInfo, cluster: Cluster, plan: GuestPlan): Promise<Guest> {
  await using opened = new AsyncDisposableStack();
  const folder = await emptyFolder(plan.name);
  const context = { folder, logs: join(folder, 'logs'), addresses: new Addresses(folder) };
  const { name, namespace, ports } = plan;
  const address = context.addresses.host();
  const workload: ProxyWorkload = {
    ...{ role: 'sidecar', name, namespace, serviceAccount: name, labels: { app: name } },
    address,
  };
  const placed = [workloadEntry(workload, ports), sidecar(workload, ports, plan.appPort)];
  for (const manifest of [...accountOf(plan), ...placed]) {
    opened.defer(() => remove(cluster, manifest));
    await cluster.apply([manifest]);
  }
  const processes = join(folder, 'processes.json');
  const supervisor = new Supervisor(processes, folder);
  opened.defer(() => supervisor.stop());
  const tools = await ensureToolchain(process.env, (line) => console.log(`  ${line}`));
  const envoyAdmin = await startProxy({ tools, supervisor, context, cluster }, workload, mesh.discovery);
  const held = opened.move();
  return { address, envoyAdmin, processes, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** For logs and credentials; its processes end with this one at the latest. */
async function emptyFolder(name: string): Promise<string> {
  const folder = join(LOCAL, 'guests', name);
  await endLeftovers(folder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'logs'), { recursive: true });
  process.once('exit', () => killMarked(folder));
  return folder;
}
