import type { Cluster } from '@sekisho/test-e2e/mesh';
import { remove } from '@sekisho/test-e2e/mesh';

const KINDS = ['AuthorizationPolicy', 'RequestAuthentication'];
const API_VERSION = 'security.istio.io/v1';

/** Deletes what the operator wrote, but for mTLS: Envoys are left as they are without a policy. */
export async function removeGenerated(cluster: Cluster, namespaces: readonly string[]): Promise<void> {
  for (const kind of KINDS) {
    const resource = await cluster.resource({ apiVersion: API_VERSION, kind });
    for (const namespace of namespaces) {
      const { items } = await cluster.client.list(resource, { namespace });
      for (const { metadata } of items) await remove(cluster, { apiVersion: API_VERSION, kind, metadata });
    }
  }
}
