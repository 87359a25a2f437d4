import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Addresses } from '../mesh/addresses.ts';
import type { Cluster } from '../mesh/cluster.ts';
import { accountOf, type Guest, type GuestPlan } from '../mesh/guest-plan.ts';
import type { ClusterPlace } from '../mesh/mesh-info.ts';
import { LOCAL } from '../mesh/paths.ts';
import { remove } from '../mesh/remove.ts';
import { carry, forward } from './forward.ts';
import { ENVOY_ADMIN_PORT } from './names.ts';
import { podsOf } from './pods.ts';
import { portForward, readAccess } from './port-forward.ts';
import { startRelay, tunnelTo } from './relay-pod.ts';
import type { Tunnel } from './tunnel.ts';

type Place = ClusterPlace & { readonly kubeconfig: string };

/** No processes are supervised: an empty list. */
const NO_PROCESSES = join(LOCAL, 'kind', 'processes.json');

/**
 * Adds a pod with a sidecar to the mesh that hands every connection to the app in this process; the pod's ports are reached on a loopback
 * address, by way of a pod outside of the mesh.
 */
export async function startGuestPod(place: Place, cluster: Cluster, plan: GuestPlan): Promise<Guest> {
  await using opened = new AsyncDisposableStack();
  await removeLeftovers(cluster, plan);
  for (const manifest of accountOf(plan)) {
    opened.defer(() => remove(cluster, manifest));
    await cluster.apply([manifest]);
  }
  const { namespace, name } = plan;
  // A name of its own each time: the one before may still be ending.
  const pod = { namespace, name: `${name}-${randomBytes(3).toString('hex')}` };
  opened.defer(() => remove(cluster, { apiVersion: 'v1', kind: 'Pod', metadata: pod }));
  const labels = { app: name };
  await startRelay(cluster, { ...pod, labels, serviceAccount: name, meshed: true, image: place.image });
  const access = readAccess(place.kubeconfig);
  const inside = opened.use(tunnelTo(access, pod));
  await takeConnections(inside, plan);
  const admin = opened.use(
    await forward(() => portForward(access, { namespace, pod: pod.name, port: ENVOY_ADMIN_PORT })),
  );
  const client = opened.use(tunnelTo(access, place.client));
  const address = new Addresses(join(LOCAL, 'kind', name)).host();
  for (const { number, servicePort = number } of plan.ports) {
    const dial = () => client.connect(`${name}.${namespace}.svc`, servicePort);
    opened.use(await forward(dial, { host: address, port: number }));
  }
  const held = opened.move();
  return {
    address,
    envoyAdmin: `http://${admin.host}:${admin.port}`,
    processes: NO_PROCESSES,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function takeConnections(inside: Tunnel, { ports, appPort }: GuestPlan): Promise<void> {
  for (const port of ports) {
    await inside.accept(port.number, (connection) => {
      const app = connect({ host: '127.0.0.1', port: port.appPort ?? appPort, allowHalfOpen: true });
      app.on('error', () => connection.destroy());
      carry(app, connection);
    });
  }
}

async function removeLeftovers(cluster: Cluster, { namespace, name }: GuestPlan): Promise<void> {
  for (const pod of await podsOf(cluster, { namespace, labelSelector: `app=${name}` }))
    await remove(cluster, { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: pod.metadata.name } });
}
