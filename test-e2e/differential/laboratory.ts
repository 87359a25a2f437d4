import { API_VERSION, type IssuerState, POLICY_KIND } from '@sekisho/policy';
import { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { remove } from '../mesh/remove.ts';
import { waitFor } from '../mesh/wait.ts';
import { Policies } from '../story/policies.ts';
import { IDENTITIES } from './alphabet.ts';
import { TRUST_DOMAIN } from './expectation.ts';
import { type Identity, identities } from './identities.ts';
import type { Mark } from './in-force.ts';
import { ISSUER_NAMES, type Issuers, makeIssuers } from './issuers.ts';
import { NAMESPACE, startWorkload, type Workload } from './workload.ts';

export const POLICY_NAME = 'probe';
const GENERATED = ['AuthorizationPolicy', 'RequestAuthentication', 'PeerAuthentication'];
const LONG_MS = 120_000;

/** Everything that trials share: one workload, whose policy each of them replaces. */
export interface Laboratory extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly workload: Workload;
  readonly issuers: Issuers;
  readonly issuerStates: readonly IssuerState[];
  /** Certificate of a caller, `namespace/serviceAccount`. */
  readonly identity: (caller: string) => Identity;
  /** Of the policy that the workload has now. */
  mark: Mark | undefined;
  /** How many policies there were. */
  trials: number;
  /** How often the mesh answered so, by status. */
  readonly answers: Map<string, number>;
  /** Waits until the operator has proof that the workload's policy is what its Envoy obeys. */
  enforced(): Promise<void>;
}

export async function openLaboratory(mesh: MeshInfo): Promise<Laboratory> {
  await using opened = new AsyncDisposableStack();
  const cluster = new Cluster(mesh.kubeconfig);
  opened.defer(() => cluster.close());
  const issuers = makeIssuers();
  const manifests = ISSUER_NAMES.map((name) => issuers[name].manifest);
  for (const manifest of manifests) {
    opened.defer(() => remove(cluster, manifest));
    await cluster.apply([manifest]);
  }
  const identity = await certificates(cluster);
  const workload = opened.use(await startWorkload(mesh, cluster));
  opened.defer(() => removePolicy(cluster));
  const held = opened.move();
  return {
    cluster,
    workload,
    issuers,
    issuerStates: manifests.map(({ metadata, ...rest }) => ({ issuer: { metadata, spec: Reflect.get(rest, 'spec') } })),
    identity,
    mark: undefined,
    trials: 0,
    answers: new Map(),
    enforced: () => new Policies(cluster).enforced(NAMESPACE, POLICY_NAME, LONG_MS),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function certificates(cluster: Cluster): Promise<Laboratory['identity']> {
  const issue = await identities(cluster);
  const made = new Map<string, Identity>();
  for (const caller of IDENTITIES) {
    const [namespace, serviceAccount] = caller.split('/');
    made.set(caller, await issue(`spiffe://${TRUST_DOMAIN}/ns/${namespace}/sa/${serviceAccount}`));
  }
  return (caller) => {
    const identity = made.get(caller);
    if (identity === undefined) throw new Error(`there is no certificate of ${caller}`);
    return identity;
  };
}

/** The operator takes back what it generated. */
async function removePolicy(cluster: Cluster): Promise<void> {
  const metadata = { namespace: NAMESPACE, name: POLICY_NAME };
  await remove(cluster, { apiVersion: API_VERSION, kind: POLICY_KIND, metadata });
  for (const kind of GENERATED) {
    const resource = await cluster.resource({ apiVersion: 'security.istio.io/v1', kind });
    const isGone = async () => (await cluster.client.list(resource, { namespace: NAMESPACE })).items.length === 0;
    await waitFor(`no ${kind} is left`, isGone, { timeout: LONG_MS });
  }
}
