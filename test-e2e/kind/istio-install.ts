import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFoundError } from '@sekisho/kube';
import { parse, stringify } from 'yaml';
import type { Cluster } from '../mesh/cluster.ts';
import { MESH_CONFIG } from '../mesh/istiod.ts';
import { succeed } from './commands.ts';
import { adaptIstio, ISTIOD_ENV } from './istio.ts';
import type { Settings } from './settings.ts';

/** What this needs of `istioctl` and of the Gateway API's definitions is looked for when it is needed. */
export interface IstioSources {
  readonly istioctl: () => Promise<string>;
  readonly gatewayDefinitions: () => Promise<readonly Parameters<Cluster['apply']>[0][number][]>;
}

/** Uses the Istio that is there with our settings, or installs one; the Gateway API's definitions with it, which istiod looks for when it starts. */
export async function provideIstio(
  cluster: Cluster,
  { settings, kubeconfig }: { readonly settings: Settings; readonly kubeconfig: string },
  { istioctl, gatewayDefinitions }: IstioSources,
): Promise<void> {
  if (
    !(await has(cluster, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'httproutes.gateway.networking.k8s.io'))
  )
    await cluster.apply(await gatewayDefinitions());
  if (!(await has(cluster, 'apps/v1', 'Deployment', 'istiod'))) await install(await istioctl(), kubeconfig, settings);
  await adaptIstio(cluster);
}

async function has(cluster: Cluster, apiVersion: string, kind: string, name: string): Promise<boolean> {
  try {
    await cluster.get(apiVersion, kind, 'istio-system', name);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

/** The gateways are made by istiod, of the Gateways that the platform has. */
async function install(istioctl: string, kubeconfig: string, settings: Settings): Promise<void> {
  const { istioHub: hub, istioTag: tag, folder } = settings;
  const env = Object.entries(ISTIOD_ENV).map(([name, value]) => ({ name, value }));
  const operator = {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      profile: 'minimal',
      ...(hub !== undefined && { hub }),
      ...(tag !== undefined && { tag }),
      meshConfig: parse(await readFile(MESH_CONFIG, 'utf8')),
      components: { pilot: { k8s: { env } } },
    },
  };
  const file = join(folder, 'istio.yaml');
  await writeFile(file, stringify(operator));
  await succeed(istioctl, ['install', '--kubeconfig', kubeconfig, '-y', '-f', file, '--readiness-timeout', '10m']);
}
