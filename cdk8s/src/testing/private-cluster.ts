import { manifestsIn, PrivateCluster } from '@sekisho/kube/testing/cluster';
import { crds } from '@sekisho/policy';
import { inject } from 'vitest';

export type { PrivateCluster } from '@sekisho/kube/testing/cluster';

/** An API server of a test file's own, which knows every kind that is rendered. */
export async function openPrivateCluster(): Promise<PrivateCluster> {
  const others = await manifestsIn(inject('istioCrds'), inject('gatewayCrds'), inject('prometheusCrds'));
  return PrivateCluster.open(inject('privateControlPlane'), [...crds(), ...others]);
}
