import type { IstioKind, IstioObject, ObjectMeta, OwnerReference } from '../resources.ts';
import { ANNOTATION, API_VERSION, LABEL, MANAGED_BY, POLICY_KIND } from '../vocabulary.ts';
import { canonicalJson, digest } from './digest.ts';
import { objectName, policyLabel, type Role } from './names.ts';

const ISTIO_API_VERSION = 'security.istio.io/v1';

const KIND: Readonly<Record<Role, IstioKind>> = {
  deny: 'AuthorizationPolicy',
  allow: 'AuthorizationPolicy',
  check: 'AuthorizationPolicy',
  lock: 'AuthorizationPolicy',
  jwt: 'RequestAuthentication',
  mtls: 'PeerAuthentication',
};

/** Wraps a spec for the API server: named after the policy, labelled, owned by it. */
export function istioObject(
  policy: ObjectMeta,
  role: Role,
  spec: IstioObject['spec'],
  annotations: Readonly<Record<string, string>> = {},
): IstioObject {
  return {
    apiVersion: ISTIO_API_VERSION,
    kind: KIND[role],
    metadata: {
      name: objectName(policy.name, role),
      namespace: policy.namespace ?? 'default',
      labels: { [LABEL.managedBy]: MANAGED_BY, [LABEL.policy]: policyLabel(policy.name) },
      annotations: { ...annotations, [ANNOTATION.digest]: specDigest(spec) },
      ...ownedBy(policy),
    },
    spec,
  };
}

export function specDigest(spec: IstioObject['spec']): string {
  return digest(canonicalJson(spec));
}

/** Rendered without a cluster, a policy has no uid, and its objects no owner. */
function ownedBy({ name, uid }: ObjectMeta): { readonly ownerReferences?: readonly OwnerReference[] } {
  if (uid === undefined) return {};
  const owner = { apiVersion: API_VERSION, kind: POLICY_KIND, name, uid, controller: true, blockOwnerDeletion: true };
  return { ownerReferences: [owner] };
}
