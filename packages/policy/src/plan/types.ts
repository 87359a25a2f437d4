import type { IssuerState } from '../compile/issuers.ts';
import type { Sight } from '../enforcement/sight.ts';
import type { Mesh } from '../mesh/capability.ts';
import type { Surroundings } from '../mesh/surroundings.ts';
import type { IstioObject, ObjectRef, RawObject } from '../resources.ts';
import type { ServiceAuthPolicyStatus } from '../schema/status.ts';

/** Everything that the plan for one policy depends on, read from caches. */
export interface Snapshot {
  readonly policy: RawObject;
  /** Every other policy of the namespace. */
  readonly rivals: readonly RawObject[];
  /** Policies of other namespaces that have to do with the name of this one's service (see `serviceNames`). */
  readonly namesakes: readonly RawObject[];
  readonly issuers: readonly IssuerState[];
  /** Objects that carry the managed-by label and an ownerReference with this policy's uid. */
  readonly owned: readonly IstioObject[];
  readonly mesh: Mesh;
  /** What stands around the policy in the cluster; absent while it is not known. */
  readonly surroundings?: Surroundings;
  /** What istiod says of the proxies of the selected workloads; absent where nobody asks it. */
  readonly enforcement?: Sight;
}

/** What is still to be seen before a policy may be called enforced. */
export interface Awaited {
  /** The generated objects, as `basisOf` tells them, and as `groupOf` finds them. */
  readonly basis: string;
  readonly group: string;
  /** Ids of the proxies that must have them. */
  readonly proxies: readonly string[];
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
  /** Absent when there is nothing to look for: all was seen, or it would prove nothing. */
  readonly awaited?: Awaited;
  /** What the API server holds, so that transition times survive, and what is still in force; for `programmed`. */
  readonly previous: ServiceAuthPolicyStatus;
}

/** What executing a plan came to. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly message: string };
