import type { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { remove } from '../mesh/remove.ts';
import { waitFor } from '../mesh/wait.ts';

/** Nothing else in the gateway's configuration waits this long, so that it is found there. */
const PATIENCE = '21s';
const LONG = { timeout: 120_000, every: 500 };

const FILTER = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { namespace: 'istio-edge', name: 'patience' },
  spec: {
    configPatches: [
      {
        applyTo: 'HTTP_FILTER',
        match: {
          context: 'GATEWAY',
          listener: {
            filterChain: {
              filter: {
                name: 'envoy.filters.network.http_connection_manager',
                subFilter: { name: 'envoy.filters.http.ext_authz' },
              },
            },
          },
        },
        patch: {
          operation: 'MERGE',
          value: {
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz',
              http_service: { server_uri: { timeout: PATIENCE } },
            },
          },
        },
      },
    ],
  },
};

/**
 * Until it is disposed of, the guarded gateway waits for the guard's answer instead of 250 ms. Where nobody can be asked it says 503 at once,
 * as ever, and the same 503 after 250 ms of waiting for a busy machine: without the second, each 503 is a request that was dropped.
 */
export async function patientEdge(cluster: Cluster, mesh: MeshInfo): Promise<AsyncDisposable> {
  const isPatient = () => waitsSoLong(mesh);
  const undo = async () => {
    await remove(cluster, FILTER);
    await waitFor('the gateway waits for the guard as before', async () => !(await isPatient()), LONG);
  };
  await using opened = new AsyncDisposableStack();
  opened.defer(undo);
  await cluster.apply([FILTER]);
  await waitFor('the gateway waits for the guard', isPatient, LONG);
  const held = opened.move();
  return { [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function waitsSoLong({ workloads }: MeshInfo): Promise<boolean> {
  const dump = await fetch(`${workloads['edge-istio']?.envoyAdmin}/config_dump?resource=dynamic_listeners`);
  if (!dump.ok) throw new Error(`the gateway's Envoy answers ${dump.status}`);
  return (await dump.text()).includes(`"timeout": "${PATIENCE}"`);
}
