import { isRecord, type KubeClient, type KubeObject, NotFoundError, type Resource } from '@sekisho/kube';
import { GROUP } from '@sekisho/policy';
import { GENERATED, POLICIES, toIstioObject } from './resources.ts';

const DEFINITIONS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const NAME = `${POLICIES.plural}.${GROUP}`;

interface Asker {
  readonly client: KubeClient;
  readonly signal: AbortSignal;
}

/**
 * Of generated objects without a policy, those whose policy was deleted. With the CustomResourceDefinition every policy goes at once, and
 * nobody meant to open every workload: what was last written before the definition that is there now was created stays.
 */
export async function deletedByThemselves(strays: readonly KubeObject[], asker: Asker): Promise<readonly KubeObject[]> {
  const definition = await definitionOf(asker);
  if (definition === undefined || definition.metadata.deletionTimestamp !== undefined) return [];
  const since = definition.metadata.creationTimestamp ?? '';
  const outlived = await Promise.all(strays.map((stray) => isFromBefore(stray, since, asker)));
  return strays.filter((_, at) => !outlived[at]);
}

async function definitionOf({ client, signal }: Asker): Promise<KubeObject | undefined> {
  try {
    return await client.get(DEFINITIONS, { name: NAME }, { signal });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** RFC 3339 in UTC and whole seconds, as the API server writes times, sorts as text. */
async function isFromBefore(stray: KubeObject, since: string, { client, signal }: Asker): Promise<boolean> {
  const kind = toIstioObject(stray)?.kind;
  const { creationTimestamp = '' } = stray.metadata;
  if (kind === undefined || creationTimestamp >= since) return false;
  // A policy of this name may have taken the object over since; the cache does not hold who wrote when.
  const { metadata } = await client.get(GENERATED[kind], stray.metadata, { signal });
  const fields: readonly unknown[] = Array.isArray(metadata.managedFields) ? metadata.managedFields : [];
  return !fields.some((entry) => isRecord(entry) && typeof entry['time'] === 'string' && entry['time'] >= since);
}
