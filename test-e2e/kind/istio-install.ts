import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFoundError } from '@sekisho/kube';
import { parse, stringify } from 'yaml';
import type { Cluster } from '../mesh/cluster.ts';
import { MESH_CONFIG } from '../mesh/istiod.ts';
import { succeed } from './commands.ts';
import { adaptIstio, ISTIOD_ENV } from './istio.ts';
import type { Nodes } from './nodes.ts';
import type { Settings } from './settings.ts';

/** What this needs of `istioctl` and of the Gateway API's definitions is looked for when it is needed. */
export interface IstioSources {
  readonly istioctl: () => Promise<string>;
  readonly gatewayDefinitions: () => Promise<readonly Parameters<Cluster['apply']>[0][number][]>;
}

export interface IstioTarget {
  readonly settings: Settings;
  readonly kubeconfig: string;
  readonly nodes: Nodes;
}

/** Uses the Istio that is there with our settings, or installs one; the Gateway API's definitions with it, which istiod looks for when it starts. */
export async function provideIstio(cluster: Cluster, target: IstioTarget, sources: IstioSources): Promise<void> {
  const definition = 'httproutes.gateway.networking.k8s.io';
  if (!(await has(cluster, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition', definition)))
    await cluster.apply(await sources.gatewayDefinitions());
  if (!(await has(cluster, 'apps/v1', 'Deployment', 'istiod'))) await install(await sources.istioctl(), target);
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

async function install(istioctl: string, { settings, kubeconfig, nodes }: IstioTarget): Promise<void> {
  const { istioHub: hub, istioTag: tag, istioConfig, folder } = settings;
  if (hub !== undefined && tag !== undefined) await nodes.loadLocal([`${hub}/pilot:${tag}`, `${hub}/proxyv2:${tag}`]);
  const file = join(folder, 'istio.yaml');
  const meshConfig = parse(await readFile(MESH_CONFIG, 'utf8')) as object;
  await writeFile(file, stringify(operatorOf({ hub, tag, meshConfig })));
  const files = ['-f', file, ...(istioConfig === undefined ? [] : ['-f', istioConfig])];
  await succeed(istioctl, ['install', '--kubeconfig', kubeconfig, '-y', ...files, '--readiness-timeout', '10m']);
}

interface Plan {
  /** Undefined: istioctl's own. */
  readonly hub: string | undefined;
  readonly tag: string | undefined;
  readonly meshConfig: object;
}

/** One istiod that asks for little, as every part does here; the gateways are made by it, of the Gateways that the platform has. */
export function operatorOf({ hub, tag, meshConfig }: Plan): object {
  const requests = (cpu: string, memory: string) => ({ resources: { requests: { cpu, memory } } });
  return {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: {
      profile: 'minimal',
      ...(hub !== undefined && { hub }),
      ...(tag !== undefined && { tag }),
      meshConfig,
      values: {
        // A map, so that an IstioOperator after this one adds to it: of lists the last one wins.
        pilot: { env: ISTIOD_ENV, autoscaleEnabled: false, ...requests('50m', '256Mi') },
        global: { proxy: requests('10m', '64Mi') },
      },
    },
  };
}
