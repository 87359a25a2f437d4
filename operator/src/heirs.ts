import type { KubeObject } from '@sekisho/kube';
import { governor, readPolicyStatus } from '@sekisho/policy';
import type { CacheViews } from './caches.ts';
import { targetsOf } from './references.ts';
import { meeting, related } from './rivals.ts';

/**
 * Whether a policy is to govern where these objects stand, and is not in force there yet: the younger one of two in conflict, or a new
 * one in place of another. Until then the objects of the policy that is gone are all that keeps the workload closed. Whoever comes to be
 * in force brings the key back.
 */
export function isAwaited(strays: readonly KubeObject[], { policies }: Pick<CacheViews, 'policies'>): boolean {
  return strays.some((stray) => {
    const namespace = stray.metadata.namespace ?? '';
    const heirs = targetsOf(stray).flatMap((target) => meeting(policies.store, namespace, target));
    return heirs.some((heir) => !isInForce(heir) && governs(heir, related(policies.store, namespace, targetsOf(heir))));
  });
}

function governs(policy: KubeObject, policies: readonly KubeObject[]): boolean {
  const rivals = policies.filter((one) => one !== policy);
  return governor(policy, rivals) === undefined;
}

/** It is programmed, or refused for a reason of its own: then its last good objects or a deny-all are. */
function isInForce({ metadata, status }: KubeObject): boolean {
  const { conditions = [] } = readPolicyStatus(status);
  return conditions.some(
    ({ type, status: value, reason, observedGeneration }) =>
      observedGeneration === metadata.generation &&
      ((type === 'Programmed' && value === 'True') ||
        (type === 'Accepted' && value === 'False' && reason !== 'Conflicted')),
  );
}
