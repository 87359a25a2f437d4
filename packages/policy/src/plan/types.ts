import type { IssuerState } from '../compile/issuers.ts';
import type { IstioObject, ObjectRef, RawObject } from '../resources.ts';
import type { Condition, ServiceAuthPolicyStatus } from '../schema/status.ts';

/** What must be known of the mesh config. */
export interface MeshFacts {
  readonly trustDomain: string;
  /** Where Istio reads policies that apply to every namespace. */
  readonly rootNamespace: string;
}

/** Everything that the plan for one policy depends on, read from caches. */
export interface Snapshot {
  readonly policy: RawObject;
  /** Every other policy of the namespace. */
  readonly rivals: readonly RawObject[];
  readonly issuers: readonly IssuerState[];
  /** Objects that carry the managed-by label and an ownerReference with this policy's uid. */
  readonly owned: readonly IstioObject[];
  /** Selected pods and WorkloadEntries, when known. */
  readonly workloads?: number;
  readonly mesh: MeshFacts;
}

export interface Plan {
  /** Everything that must exist, in the order in which it must be applied. */
  readonly desired: readonly IstioObject[];
  /** What of `desired` the API server does not already hold exactly. */
  readonly apply: readonly IstioObject[];
  /** Owned but not desired; removed only after every `apply` succeeded. */
  readonly remove: readonly ObjectRef[];
  /** To write when `apply` and `remove` are empty, or while they are under way. */
  readonly status: ServiceAuthPolicyStatus;
  /** Conditions that the API server holds, so that transition times survive; for `programmed`. */
  readonly previous: readonly Condition[];
}

/** What executing a plan came to. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly message: string };
