import { apiServer, etcd, type ServerContext } from '../mesh/control-plane.ts';
import type { Supervisor } from '../mesh/supervisor.ts';
import type { Toolchain } from '../toolchain/index.ts';

/** Starts an etcd and a kube-apiserver on it, and answers the admin's kubeconfig. */
export async function startControlPlane(
  tools: Pick<Toolchain, 'etcd' | 'kubeApiserver'>,
  context: ServerContext,
  supervisor: Supervisor,
): Promise<string> {
  const database = await etcd(tools.etcd, context);
  await supervisor.start(database.spec);
  const api = await apiServer(tools.kubeApiserver, database.url, context);
  await supervisor.start(api.spec);
  return api.kubeconfig;
}
