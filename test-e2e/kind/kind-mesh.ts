import { join } from 'node:path';
import { Addresses } from '../mesh/addresses.ts';
import { Cluster } from '../mesh/cluster.ts';
import { remove } from '../mesh/remove.ts';
import { timer } from '../mesh/timer.ts';
import { writeAccess } from './access.ts';
import { CommandError } from './commands.ts';
import { provideImages } from './images.ts';
import { provideIstio } from './istio-install.ts';
import { kindName } from './kind-cluster.ts';
import { collectLogs } from './logs.ts';
import { type ClusterMesh, issuerOf, openEntrance, openMesh } from './mesh.ts';
import { SUITE_NAMESPACE } from './names.ts';
import { Nodes } from './nodes.ts';
import { installPlatform, type PlatformTarget, removePlatform } from './platform.ts';
import type { HelmTarget } from './release.ts';
import type { Settings } from './settings.ts';
import { findTools } from './tools.ts';

export interface KindMesh extends ClusterMesh {
  /** What a test needs to upgrade, roll back and uninstall the chart. */
  readonly release: HelmTarget;
  /** Writes what the pods said, and says where. */
  collectLogs(): Promise<void>;
}

type Report = (line: string) => void;

/**
 * From a cluster that kind made to a platform with its shop that the suite can use. What an earlier run left there is removed first. Where a step
 * fails, the logs of all pods are kept before everything is undone.
 */
export async function openKindMesh(settings: Settings, report: Report): Promise<KindMesh> {
  await using opened = new AsyncDisposableStack();
  const { kubeconfig: admin, folder, keep } = settings;
  if (admin === undefined)
    throw new CommandError('KUBECONFIG is not set: run the suite with `make e2e`, which sets it.');
  const timed = timer(report);
  const tools = findTools(process.env, report);
  const nodes = new Nodes(await tools.kind(), kindName(admin), report);
  const kubeconfig = await writeAccess(admin, folder);
  const cluster = new Cluster(kubeconfig);
  opened.defer(() => cluster.close());
  const release = { kubeconfig, helm: await tools.helm(), folder };
  const target = { cluster, ...release };
  if (!keep) opened.defer(() => cleanUp(target));
  const logs = join(folder, 'logs');
  const keepLogs = async (): Promise<void> => {
    await collectLogs(cluster, logs);
    report(`logs of every pod: ${logs}`);
  };
  try {
    await timed('Istio', provideIstio(cluster, { settings, kubeconfig, nodes }, tools));
    const images = await timed('images', provideImages(nodes, settings));
    await timed('removing what an earlier run left', removePlatform(target));
    const edge = { port: await new Addresses(folder).port('127.0.0.1', 28_060) };
    const image = images.shop.user;
    const entrance = opened.use(await openEntrance(cluster, { kubeconfig, image, edge }));
    const options = { issuer: issuerOf(entrance), images };
    const administrator = await timed('platform and shop', installPlatform(target, options));
    const mesh = opened.use(
      await timed('policies programmed', openMesh(cluster, { kubeconfig, folder, image, entrance, administrator })),
    );
    const held = opened.move();
    return { info: mesh.info, release, collectLogs: keepLogs, [Symbol.asyncDispose]: () => held.disposeAsync() };
  } catch (error) {
    await keepLogs().catch((cause: unknown) => report(`no logs: ${String(cause)}`));
    throw error;
  }
}

async function cleanUp(target: PlatformTarget): Promise<void> {
  await removePlatform(target);
  await remove(target.cluster, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SUITE_NAMESPACE } });
}
