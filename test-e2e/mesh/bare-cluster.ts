import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crds } from '@sekisho/policy';
import { runFolder } from '../setup/run-folder.ts';
import { ensureToolchain } from '../toolchain/index.ts';
import { Addresses } from './addresses.ts';
import { Cluster } from './cluster.ts';
import { apiServer, etcd } from './control-plane.ts';
import { documents } from './documents.ts';
import { endLeftovers, killMarked } from './leftovers.ts';
import { LOCAL } from './paths.ts';
import { MESH_MARK } from './proc.ts';
import { Supervisor } from './supervisor.ts';

/** An API server on which nothing runs but what its user starts. */
export interface BareCluster {
  readonly cluster: Cluster;
  readonly kubeconfig: string;
  /** For files of the user; removed at the end. */
  readonly folder: string;
  /** What every process of the user must have in its environment, so that none outlives this one. */
  readonly mark: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts etcd and kube-apiserver with the definitions of Istio, the Gateway API and Sekisho, in a folder of their own. */
export async function startBareCluster(report: (line: string) => void): Promise<BareCluster> {
  const tools = await ensureToolchain(process.env, report);
  const folder = await runFolder(LOCAL);
  const context = { folder, logs: join(folder, 'logs'), addresses: new Addresses(folder) };
  await mkdir(context.logs);
  const supervisor = new Supervisor(join(folder, 'processes.json'), folder);
  process.once('exit', () => killMarked(folder));
  const stopServers = async (): Promise<void> => {
    await supervisor.stop();
    await endLeftovers(folder);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const database = await etcd(tools.etcd, context);
    await supervisor.start(database.spec);
    const api = await apiServer(tools.kubeApiserver, database.url, context);
    await supervisor.start(api.spec);
    const cluster = new Cluster(api.kubeconfig);
    const files = await Promise.all([tools.istioCrds, tools.gatewayCrds].map(documents));
    await cluster.apply([...files.flat(), ...crds()]);
    const stop = async (): Promise<void> => {
      await cluster.close();
      await stopServers();
    };
    return { cluster, kubeconfig: api.kubeconfig, folder, mark: { [MESH_MARK]: folder }, stop };
  } catch (error) {
    await stopServers();
    throw error;
  }
}
