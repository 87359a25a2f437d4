import type { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { call, outcome } from '../story/http.ts';
import { patientEdge } from './patient-edge.ts';
import { type SteadyLoad, steadyLoad } from './steady-load.ts';

/**
 * Requests by the guarded gateway to the auth service, each on a connection of its own: one that the gateway's Envoy answered, the guard
 * decided and the auth service served is a 200, and whatever else is seen was dropped on the way (patient-edge.ts says why a slow machine is
 * no reason for it).
 */
export async function edgeLoad(cluster: Cluster, mesh: MeshInfo): Promise<SteadyLoad> {
  const patient = await patientEdge(cluster, mesh);
  const load = steadyLoad(() => ask(`${mesh.edge}/.well-known/jwks.json`));
  const dispose = async () => {
    await using _ = patient;
    await load[Symbol.asyncDispose]();
  };
  return { seen: load.seen, more: load.more, [Symbol.asyncDispose]: dispose };
}

function ask(url: string): Promise<string> {
  return call(url).then(outcome, (error: { code?: string }) => `cut: ${error.code ?? String(error)}`);
}
