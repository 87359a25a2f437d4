import { NotFoundError } from '@sekisho/kube';
import type { Cluster } from './cluster.ts';

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

/** Deletes an object, if there is one. */
export async function remove(cluster: Cluster, { metadata, ...type }: Named): Promise<void> {
  try {
    await cluster.client.delete(await cluster.resource(type), metadata);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}
