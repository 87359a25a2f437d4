import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'yaml';
import type { Cluster } from '../mesh/cluster.ts';
import { MESH_CONFIG } from '../mesh/istiod.ts';
import { waitFor } from '../mesh/wait.ts';

const ROOT = 'istio-system';
const LONG_MS = 300_000;

/** Of istiod. The second as on the local mesh: the operator calls a policy enforced only after a longer time than this. */
export const ISTIOD_ENV = {
  DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES: 'sekisho-system',
  PILOT_DEBOUNCE_MAX: '1s',
} as const;

type Settings = Readonly<Record<string, unknown>>;

/** The mesh config of this project over one that is there: what this project does not name stays, and so do other extension providers. */
export function mergedMeshConfig(there: Settings, ours: Settings): Settings {
  const providers = (config: Settings) => (config['extensionProviders'] ?? []) as readonly { readonly name: string }[];
  const names = new Set(providers(ours).map(({ name }) => name));
  const foreign = providers(there).filter(({ name }) => !names.has(name));
  return { ...there, ...ours, extensionProviders: [...foreign, ...providers(ours)] };
}

/** Gives an istiod that is there the settings of istio/mesh-config.yaml, as an administrator would, and waits until it runs with them. */
export async function adaptIstio(cluster: Cluster): Promise<void> {
  const ours = parse(await readFile(MESH_CONFIG, 'utf8')) as Settings;
  const map = await cluster.get('v1', 'ConfigMap', ROOT, 'istio');
  const { mesh = '', ...data } = map['data'] as Record<string, string>;
  const there = (parse(mesh) ?? {}) as Settings;
  const merged = mergedMeshConfig(there, ours);
  if (!isDeepStrictEqual(merged, there)) {
    const changed = { ...map, data: { ...data, mesh: stringify(merged) } };
    await cluster.client.replace(await cluster.resource(map), changed);
  }
  await setEnvironment(cluster);
}

/** Server-side apply merges environment variables by their name. */
async function setEnvironment(cluster: Cluster): Promise<void> {
  const env = Object.entries(ISTIOD_ENV).map(([name, value]) => ({ name, value }));
  const containers = [{ name: 'discovery', env }];
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: ROOT, name: 'istiod' } };
  await cluster.apply([Object.assign(deployment, { spec: { template: { spec: { containers } } } })]);
  await rolledOut(cluster, ROOT, 'istiod');
}

/** Waits until a Deployment has only pods of its latest template, all of them available. */
export async function rolledOut(cluster: Cluster, namespace: string, name: string): Promise<void> {
  const isOut = async () => {
    const { metadata, spec, status } = await cluster.get('apps/v1', 'Deployment', namespace, name);
    const { replicas = 1 } = spec as { replicas?: number };
    const now = (status ?? {}) as Readonly<Record<string, number>>;
    const counts = [now['replicas'], now['updatedReplicas'], now['availableReplicas']];
    return now['observedGeneration'] === metadata.generation && counts.every((count) => (count ?? 0) === replicas);
  };
  await waitFor(`${namespace}/${name} is rolled out`, isOut, { timeout: LONG_MS, every: 500 });
}
