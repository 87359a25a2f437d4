import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KubeObject, pathOf, type Resource, withQuery } from '@sekisho/kube';
import { stringify } from 'yaml';
import type { Cluster } from '../mesh/cluster.ts';

const CORE = { group: '', version: 'v1', namespaced: true } as const;
const POD: Resource = { ...CORE, plural: 'pods', kind: 'Pod' };
const EVENT: Resource = { ...CORE, plural: 'events', kind: 'Event' };
const LINES = 5_000;

interface PodFacts {
  readonly spec?: { readonly initContainers?: readonly Named[]; readonly containers?: readonly Named[] };
  readonly status?: { readonly containerStatuses?: readonly (Named & { readonly restartCount: number })[] };
}

interface Named {
  readonly name: string;
}

/** Writes what every pod of the mesh said, and what the cluster says of it, in a folder for each namespace. Secrets are not read. */
export async function collectLogs(cluster: Cluster, folder: string): Promise<void> {
  for (const pod of (await cluster.client.list(POD)).items) {
    const { namespace = '', name } = pod.metadata;
    const place = join(folder, namespace);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, `${name}.yaml`), stringify(withoutFields(pod)));
    for (const [file, query] of logsOf(pod)) {
      const path = withQuery(pathOf(POD, { namespace, name, subresource: 'log' }), { ...query, tailLines: LINES });
      // A container that never started has none.
      const text = await cluster.client.raw(path).catch((error: unknown) => `${String(error)}\n`);
      await writeFile(join(place, `${name}.${file}.log`), text);
    }
  }
  const events = (await cluster.client.list(EVENT)).items.map(withoutFields);
  await writeFile(join(folder, 'events.yaml'), stringify(events));
}

function logsOf(pod: KubeObject): readonly (readonly [file: string, query: Record<string, string | boolean>])[] {
  const { spec, status } = pod as KubeObject & PodFacts;
  const names = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name }) => name);
  const restarted = status?.containerStatuses?.filter(({ restartCount }) => restartCount > 0) ?? [];
  return [
    ...names.map((container) => [container, { container }] as const),
    ...restarted.map(({ name }) => [`${name}.previous`, { container: name, previous: true }] as const),
  ];
}

function withoutFields({ metadata, ...rest }: KubeObject): object {
  const { managedFields: _, ...kept } = metadata as KubeObject['metadata'] & { readonly managedFields?: unknown };
  return { ...rest, metadata: kept };
}
