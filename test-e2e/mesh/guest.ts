import { startGuestPod } from '../kind/guest-pod.ts';
import { ensureToolchain } from '../toolchain/index.ts';
import type { Cluster } from './cluster.ts';
import { applyFor, openPlace } from './guest-place.ts';
import { accountOf, type Guest, type GuestPlan } from './guest-plan.ts';
import { sidecar, workloadEntry } from './manifests.ts';
import type { MeshInfo } from './mesh-info.ts';
import type { ProxyWorkload } from './proxy.ts';
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
  const { context, supervisor, processes } = await openPlace(opened, plan.name);
  const { name, namespace, ports } = plan;
  const address = context.addresses.host();
  const workload: ProxyWorkload = {
    ...{ role: 'sidecar', name, namespace, serviceAccount: name, labels: { app: name } },
    address,
  };
  const placed = [workloadEntry(workload, ports), sidecar(workload, ports, plan.appPort)];
  await applyFor(opened, cluster, [...accountOf(plan), ...placed]);
  const tools = await ensureToolchain(process.env, (line) => console.log(`  ${line}`));
  const envoyAdmin = await startProxy({ tools, supervisor, context, cluster }, workload, mesh.discovery);
  const held = opened.move();
  return { address, envoyAdmin, processes, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
