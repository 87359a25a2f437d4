import { manifestsIn, PrivateCluster } from '@sekisho/kube/testing/cluster';
import { crds } from '@sekisho/policy';
import { inject } from 'vitest';

export type { PrivateCluster } from '@sekisho/kube/testing/cluster';

const WANTED = /^(gateways|httproutes|referencegrants)\.gateway\.networking|^requestauthentications\./;

/** An API server of a test file's own, with every kind that the guard reads. */
export async function openPrivateCluster(): Promise<PrivateCluster> {
  const others = await manifestsIn(inject('istioCrds'), inject('gatewayCrds'));
  return PrivateCluster.open(inject('privateControlPlane'), [
    ...crds(),
    ...others.filter(({ metadata }) => WANTED.test(metadata.name)),
  ]);
}
