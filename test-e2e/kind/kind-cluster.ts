import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CommandError, succeed } from './commands.ts';
import type { Settings } from './settings.ts';

const NAME = 'sekisho-e2e';
const CONTEXT = 'kind-';

export interface KindCluster extends AsyncDisposable {
  /** An administrator's. */
  readonly kubeconfig: string;
  /** As kind knows it. */
  readonly name: string;
  /** Whether this run made it, and deletes it. */
  readonly own: boolean;
}

/** Uses the cluster that KUBECONFIG names, or makes one. */
export async function openCluster(kind: string, settings: Settings): Promise<KindCluster> {
  const { kubeconfig, nodeImage, folder, keep } = settings;
  const nothing = async (): Promise<void> => undefined;
  if (kubeconfig !== undefined)
    return { kubeconfig, name: kindName(kubeconfig), own: false, [Symbol.asyncDispose]: nothing };
  const made = join(folder, 'admin-kubeconfig');
  const image = nodeImage === undefined ? [] : ['--image', nodeImage];
  await remove(kind, made);
  await succeed(kind, ['create', 'cluster', '--name', NAME, '--kubeconfig', made, '--wait', '300s', ...image]);
  return { kubeconfig: made, name: NAME, own: true, [Symbol.asyncDispose]: keep ? nothing : () => remove(kind, made) };
}

async function remove(kind: string, kubeconfig: string): Promise<void> {
  await succeed(kind, ['delete', 'cluster', '--name', NAME, '--kubeconfig', kubeconfig]);
}

/**
 * kind names the contexts that it writes after their clusters.
 * @throws CommandError for a cluster of another kind: the suite removes namespaces, and takes parts of the mesh away
 */
function kindName(kubeconfig: string): string {
  const { 'current-context': context = '' } = parse(readFileSync(kubeconfig, 'utf8')) as Record<string, string>;
  if (context.startsWith(CONTEXT)) return context.slice(CONTEXT.length);
  const wayOut = 'Unset KUBECONFIG to have a cluster made, or name one that kind made.';
  throw new CommandError(
    `the current context of KUBECONFIG, ${context}, is no kind cluster (${CONTEXT}...). ${wayOut}`,
  );
}
