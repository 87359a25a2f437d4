import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Addresses } from '../mesh/addresses.ts';
import { Cluster } from '../mesh/cluster.ts';
import { remove } from '../mesh/remove.ts';
import { writeAccess } from './access.ts';
import { provideImages } from './images.ts';
import { provideIstio } from './istio-install.ts';
import { openCluster } from './kind-cluster.ts';
import { collectLogs } from './logs.ts';
import { type ClusterMesh, issuerOf, openEntrance, openMesh } from './mesh.ts';
import { SUITE_NAMESPACE } from './names.ts';
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
 * From nothing, or from a cluster that KUBECONFIG names, to a platform with its shop that the suite can use. What an earlier run left there
 * is removed first. Where a step fails, the logs of all pods are kept before everything is undone.
 */
export async function openKindMesh(settings: Settings, report: Report): Promise<KindMesh> {
  await using opened = new AsyncDisposableStack();
  const { folder, keep } = settings;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const timed = timer(report);
  const tools = findTools(process.env, report);
  const kind = await tools.kind();
  const kindCluster = opened.use(await timed('cluster', openCluster(kind, settings)));
  const kubeconfig = await writeAccess(kindCluster.kubeconfig, folder);
  const cluster = new Cluster(kubeconfig);
  opened.defer(() => cluster.close());
  const release = { kubeconfig, helm: await tools.helm(), folder };
  const target = { cluster, ...release };
  if (!kindCluster.own && !keep) opened.defer(() => cleanUp(target));
  const logs = join(folder, 'logs');
  const keepLogs = async (): Promise<void> => {
    await collectLogs(cluster, logs);
    report(`logs of every pod: ${logs}`);
  };
  try {
    const images = await timed('images', provideImages(kind, kindCluster, settings));
    await timed('Istio', provideIstio(cluster, { settings, kubeconfig }, tools));
    if (!kindCluster.own) await timed('removing what an earlier run left', removePlatform(target));
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

/** Reports how long each part took. */
function timer(report: Report): <T>(title: string, work: Promise<T>) => Promise<T> {
  return async (title, work) => {
    const began = performance.now();
    const result = await work;
    report(`${title}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return result;
  };
}
