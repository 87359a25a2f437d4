import type { KubeObject } from '@sekisho/kube';
import type { Cluster } from '../mesh/cluster.ts';
import { waitFor } from '../mesh/wait.ts';

const READY_MS = 180_000;

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

export interface PodQuery {
  readonly namespace: string;
  readonly labelSelector: string;
}

/** Waits for one pod. @throws WaitError */
export async function podReady(cluster: Cluster, { namespace, name }: PodName): Promise<void> {
  const ready = async () => isReady(await cluster.get('v1', 'Pod', namespace, name));
  await waitFor(`pod ${namespace}/${name} is ready`, ready, { timeout: READY_MS, every: 500 });
}

export async function podsOf(cluster: Cluster, query: PodQuery): Promise<readonly KubeObject[]> {
  return (await cluster.client.list(await cluster.resource({ apiVersion: 'v1', kind: 'Pod' }), query)).items;
}

/** The name of a ready pod that stays. @throws WaitError */
export function readyPod(cluster: Cluster, query: PodQuery): Promise<string> {
  const find = async () => (await podsOf(cluster, query)).find(isReady)?.metadata.name;
  const what = `a pod of ${query.namespace} with ${query.labelSelector} is ready`;
  return waitFor(what, find, { timeout: READY_MS, every: 500 });
}

export function isReady({ metadata, status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as PodStatus;
  const staying = metadata.deletionTimestamp === undefined;
  return staying && conditions.some((one) => one.type === 'Ready' && one.status === 'True');
}
