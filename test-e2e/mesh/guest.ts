import type { Manifest } from '@sekisho/cdk8s';
import { ensureToolchain } from '../toolchain/index.ts';
import type { Cluster } from './cluster.ts';
import { applyFor, openPlace } from './guest-place.ts';
import { type InboundPort, sidecar, workloadEntry } from './manifests.ts';
import type { MeshInfo } from './mesh-info.ts';
import type { ProxyWorkload } from './proxy.ts';
import { startProxy } from './workloads.ts';

/** A workload that joins a running mesh for a while, with an app inside the process that starts it. Its namespace exists. */
export interface GuestPlan {
  readonly name: string;
  readonly namespace: string;
  readonly ports: readonly InboundPort[];
  /** On loopback. */
  readonly appPort: number;
}

export interface Guest extends AsyncDisposable {
  /** Loopback address on which its Envoy takes each of the ports. */
  readonly address: string;
  readonly envoyAdmin: string;
  /** Path of the list of its processes. */
  readonly processes: string;
}

/** Adds the workload to the mesh. What a run that was killed left of it is ended first. */
export async function startGuest(mesh: MeshInfo, cluster: Cluster, plan: GuestPlan): Promise<Guest> {
  await using opened = new AsyncDisposableStack();
  const { context, supervisor, processes } = await openPlace(opened, plan.name);
  const { name, namespace, ports } = plan;
  const address = context.addresses.host();
  const workload: ProxyWorkload = {
    ...{ role: 'sidecar', name, namespace, serviceAccount: name, labels: { app: name } },
    address,
  };
  const placed = [workloadEntry(workload, ports), sidecar(workload, ports, plan.appPort)];
  await applyFor(opened, cluster, [...account(plan), ...placed]);
  const tools = await ensureToolchain(process.env, (line) => console.log(`  ${line}`));
  const envoyAdmin = await startProxy({ tools, supervisor, context, cluster }, workload, mesh.discovery);
  const held = opened.move();
  return { address, envoyAdmin, processes, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function account({ name, namespace, ports }: GuestPlan): readonly Manifest[] {
  const metadata = { name, namespace };
  const served = ports.map(({ name: port, number, servicePort = number, protocol = 'HTTP' }) => ({
    name: port,
    port: servicePort,
    targetPort: number,
    appProtocol: protocol.toLowerCase(),
  }));
  const spec = { selector: { app: name }, ports: served };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'v1', kind: 'Service', metadata, spec },
  ];
}
