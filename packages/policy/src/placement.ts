import type { Problem } from './problem.ts';

/**
 * Why a policy must not stand in this namespace, if so. A selector in the root namespace selects in all namespaces
 * (istio.io/docs/reference/config/security/authorization-policy).
 */
export function misplacement(namespace: string, rootNamespace: string): Problem | undefined {
  if (namespace !== rootNamespace) return undefined;
  return {
    path: 'metadata.namespace',
    code: 'RootNamespace',
    message: `${namespace} is the root namespace of the mesh, where Istio applies a policy to the workloads of every namespace`,
    hint: 'move the policy, and a workload that lives there, into a namespace of their own',
  };
}
