import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GatewayRef, type Manifest, PLATFORM_NAMESPACE, renderShop, SHOP_NAMESPACE } from '@sekisho/cdk8s';
import { NotFoundError } from '@sekisho/kube';
import type { Cluster } from '../mesh/cluster.ts';
import { REPOSITORY } from '../mesh/paths.ts';
import { remove } from '../mesh/remove.ts';
import { waitFor } from '../mesh/wait.ts';
import { type ChartOptions, chartValues } from './chart-values.ts';
import { succeed } from './commands.ts';
import { rolledOut } from './istio.ts';
import type { Administrator } from './mesh.ts';
import { provideSecrets } from './secrets.ts';

const RELEASE = 'sekisho';
const CHART = join(REPOSITORY, 'charts/sekisho');
const PUBLIC: GatewayRef = { name: 'public', namespace: 'istio-ingress' };
const EDGE: GatewayRef = { name: 'edge', namespace: 'istio-edge' };
const LONG_MS = 300_000;

export interface HelmTarget {
  readonly cluster: Cluster;
  readonly kubeconfig: string;
  readonly helm: string;
  /** Where what belongs to this run is written. */
  readonly folder: string;
}

/** Installs the chart and the sample services, and answers when every pod is ready. */
export async function installPlatform(target: HelmTarget, options: ChartOptions): Promise<Administrator> {
  const { cluster, folder } = target;
  await cluster.apply([namespace(PLATFORM_NAMESPACE, { 'pod-security.kubernetes.io/enforce': 'restricted' })]);
  const administrator = await provideSecrets(cluster, folder);
  const values = join(folder, 'values.json');
  await writeFile(values, JSON.stringify(chartValues(options), undefined, 2));
  await helm(target, ['upgrade', RELEASE, CHART, '--install', '--values', values, '--wait', '--timeout', '15m']);
  await installShop(cluster, options);
  return administrator;
}

async function installShop(cluster: Cluster, { issuer, images }: ChartOptions): Promise<void> {
  const web = { issuer, gateway: EDGE };
  const { manifests } = renderShop({ target: 'cluster', gateway: PUBLIC, edge: EDGE, web, images: images.shop });
  await cluster.apply(manifests);
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  await Promise.all(deployments.map(({ metadata }) => rolledOut(cluster, SHOP_NAMESPACE, metadata.name)));
}

/** Removes what an earlier run installed, and waits until it is gone; the definitions stay, without a policy. */
export async function removePlatform(target: HelmTarget): Promise<void> {
  const { cluster } = target;
  await helm(target, ['uninstall', RELEASE, '--ignore-not-found', '--wait', '--timeout', '5m']);
  const namespaces = [SHOP_NAMESPACE, PUBLIC.namespace, EDGE.namespace, PLATFORM_NAMESPACE].map((name) =>
    namespace(name),
  );
  for (const manifest of namespaces) await remove(cluster, manifest);
  for (const manifest of namespaces) await gone(cluster, manifest);
}

async function helm({ helm, kubeconfig }: HelmTarget, args: readonly string[]): Promise<void> {
  await succeed(helm, [...args, '--namespace', PLATFORM_NAMESPACE, '--kubeconfig', kubeconfig]);
}

async function gone(cluster: Cluster, { apiVersion, kind, metadata }: Manifest): Promise<void> {
  const isGone = () =>
    cluster.get(apiVersion, kind, '', metadata.name).then(
      () => false,
      (error: unknown) => (error instanceof NotFoundError ? true : Promise.reject(error)),
    );
  await waitFor(`${kind} ${metadata.name} is gone`, isGone, { timeout: LONG_MS, every: 500 });
}

function namespace(name: string, labels: Readonly<Record<string, string>> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}
