import { discover, type KubeObject, NotFoundError } from '@sekisho/kube';
import { manifestsIn, PrivateCluster } from '@sekisho/kube/testing/cluster';
import { inject, vi } from 'vitest';
import type { Manifest } from '../../kubernetes.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const WANTED = /^(gateways|httproutes)\.gateway\.networking\.|\.security\.istio\.io$/;
/** A kind is served a moment after it is defined. */
const SERVED = [
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway' },
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
  ...['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'].map((kind) => ({
    apiVersion: 'security.istio.io/v1',
    kind,
  })),
];

/** Of Istio, by default and in the profile `full`. */
const NAMESPACES = ['istio-system', 'istio-control'];

/** What an object is found by. */
export interface Reference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** An API server that no other test uses, with the definitions of Istio and of the Gateway API that the chart needs, and none of ours. */
export interface Cluster {
  readonly kubeconfig: string;
  /** As somebody who is not Helm. */
  apply(...manifests: readonly Manifest[]): Promise<void>;
  /** Undefined where there is none. */
  get(reference: Reference): Promise<KubeObject | undefined>;
  close(): Promise<void>;
}

export async function openCluster(): Promise<Cluster> {
  const definitions = await manifestsIn(inject('istioCrds'), inject('gatewayCrds'));
  const cluster = await PrivateCluster.open(
    inject('privateControlPlane'),
    definitions.filter(({ metadata }) => WANTED.test(metadata.name)),
  );
  const { client } = cluster;
  for (const type of SERVED) await vi.waitFor(() => discover(client, type), WAIT);
  await cluster.apply(NAMESPACES.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
  return {
    kubeconfig: cluster.kubeconfig,
    apply: (...manifests) => cluster.apply(manifests),
    get: async (reference) => found(client.get(await discover(client, reference), reference)),
    close: () => cluster.close(),
  };
}

async function found(object: Promise<KubeObject>): Promise<KubeObject | undefined> {
  try {
    return await object;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
