import { KindUnknownError, type KubeClient, type KubeObject, NotFoundError, type Resource } from '@sekisho/kube';

/** What `sekisho check` asks an API server. Both throw `KubeError` where it does not say, and hold nothing of a Secret: none is read. */
export interface ClusterReader {
  /** @returns undefined where there is none, or the API server knows no such kind */
  get(resource: Resource, name: string, namespace?: string): Promise<KubeObject | undefined>;
  /** @returns none where the API server knows no such kind */
  list(resource: Resource, namespace?: string): Promise<readonly KubeObject[]>;
}

export function readerOf(client: KubeClient): ClusterReader {
  return {
    get: (resource, name, namespace) => orElse(client.get(resource, { name, namespace }), undefined),
    list: (resource, namespace) =>
      orElse(
        client.list(resource, namespace === undefined ? {} : { namespace }).then(({ items }) => items),
        [],
      ),
  };
}

async function orElse<T, E>(answer: Promise<T>, absent: E): Promise<T | E> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof KindUnknownError) return absent;
    throw error;
  }
}
