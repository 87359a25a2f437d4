import { afterEach, beforeEach } from 'vitest';
import type { Cluster } from './cluster.ts';
import { History } from './history.ts';

/** For each test of the file: what the API server holds in the test's namespace, from its begin. */
export function useHistory(cluster: Cluster): () => History {
  let current: History | undefined;
  beforeEach(async () => {
    current = new History(cluster.client, cluster.namespace);
    await current.start();
  });
  afterEach(async () => {
    await current?.stop();
    current = undefined;
  });
  return () => {
    if (current === undefined) throw new Error('only inside a test');
    return current;
  };
}
