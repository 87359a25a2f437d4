import type { Cluster } from './cluster.ts';
import type { Workload } from './openness.ts';

/** Two policies of one workload that differ in every object, and neither of which is wider than the other. */
export function twoPolicies(cluster: Cluster, name: string) {
  const rule = (methods: readonly string[], path: string, permission: string) => ({
    name: permission.replace(':', '-'),
    to: [{ methods, paths: [path] }],
    allow: { permissions: { anyOf: [permission] } },
  });
  const health = { name: 'health', to: [{ paths: ['/healthz'] }], allow: { public: true } };
  return {
    reading: cluster.policy(name, { rules: [rule(['GET'], '/items', 'bucket:read'), health] }),
    writing: cluster.policy(name, { rules: [rule(['POST'], '/admin', 'bucket:write')], mtls: 'Permissive' }),
  };
}

/** For `moreOpen`: the workload of these policies, with the issuer's key `k1`. */
export function workloadOf(cluster: Cluster, policies: Workload['policies']): Workload {
  return { policies, issuer: cluster.issuer({ jwksUri: 'https://keys.example' }) };
}
