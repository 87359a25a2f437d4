import type { Cluster } from '../mesh/cluster.ts';
import { type Guest, startGuest } from '../mesh/guest.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { startApp } from './app.ts';

export const NAMESPACE = 'differential';
const NAME = 'probe';
export const LABELS = { app: NAME } as const;
export const PORTS = [
  { name: 'http', number: 8080 },
  { name: 'http-more', number: 9090 },
] as const;

/** An Envoy of its own in the running mesh, which takes mTLS and plain text, with an app behind it that takes everything. */
export type Workload = Guest;

/** Adds the workload to the mesh. */
export async function startWorkload(mesh: MeshInfo, cluster: Cluster): Promise<Workload> {
  await using opened = new AsyncDisposableStack();
  const app = await startApp();
  opened.defer(() => app.close());
  // The namespace stays: nothing here finalises the deletion of one.
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
  const plan = { name: NAME, namespace: NAMESPACE, ports: PORTS, appPort: app.port };
  // Ends before the app, which waits for its connections to end.
  const guest = opened.use(await startGuest(mesh, cluster, plan));
  const held = opened.move();
  return { ...guest, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
