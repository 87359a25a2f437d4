import { type GatewayRef, type Manifest, PLATFORM_NAMESPACE, renderShop, SHOP_NAMESPACE } from '@sekisho/cdk8s';
import { NotFoundError } from '@sekisho/kube';
import type { Cluster } from '../mesh/cluster.ts';
import { remove } from '../mesh/remove.ts';
import { waitFor } from '../mesh/wait.ts';
import { type ChartOptions, chartValues } from './chart-values.ts';
import { rolledOut } from './istio.ts';
import type { Administrator } from './mesh.ts';
import { type HelmTarget, Release } from './release.ts';
import { provideSecrets } from './secrets.ts';

const PUBLIC: GatewayRef = { name: 'public', namespace: 'istio-ingress' };
const EDGE: GatewayRef = { name: 'edge', namespace: 'istio-edge' };
const LONG_MS = 300_000;

export interface PlatformTarget extends HelmTarget {
  readonly cluster: Cluster;
}

/** Installs the chart and the sample services, and answers when every pod is ready. */
export async function installPlatform(target: PlatformTarget, options: ChartOptions): Promise<Administrator> {
  const { cluster, folder } = target;
  await cluster.apply([namespace(PLATFORM_NAMESPACE, { 'pod-security.kubernetes.io/enforce': 'restricted' })]);
  const administrator = await provideSecrets(cluster, folder);
  const release = new Release(target);
  await release.configure(chartValues(options));
  await release.upgrade();
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
export async function removePlatform(target: PlatformTarget): Promise<void> {
  const { cluster } = target;
  await new Release(target).uninstall();
  const namespaces = [SHOP_NAMESPACE, PUBLIC.namespace, EDGE.namespace, PLATFORM_NAMESPACE].map((name) =>
    namespace(name),
  );
  for (const manifest of namespaces) await remove(cluster, manifest);
  for (const manifest of namespaces) await gone(cluster, manifest);
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
