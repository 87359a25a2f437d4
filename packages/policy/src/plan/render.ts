import type { IssuerState } from '../compile/issuers.ts';
import type { Mesh } from '../mesh/capability.ts';
import type { IstioObject, RawObject } from '../resources.ts';
import { serviceNames } from '../service-name.ts';
import { LABEL } from '../vocabulary.ts';
import { inSafeOrder } from './order.ts';
import type { Snapshot } from './types.ts';
import { judge } from './verdict.ts';

export interface WrittenPolicies {
  /** All that there are: what two of them ask for may exclude each other. */
  readonly policies: readonly RawObject[];
  /** With their keys: nobody fetches them later. */
  readonly issuers: readonly IssuerState[];
  readonly mesh: Mesh;
}

/** Why there are no objects for a policy, `namespace/name`; names the field and the way out. */
export interface Unrendered {
  readonly policy: string;
  readonly message: string;
}

/** The objects of one policy, `namespace/name`, in an order in which they may be applied. */
export interface RenderedPolicy {
  readonly policy: string;
  readonly objects: readonly IstioObject[];
}

export type Rendered =
  | { readonly ok: true; readonly policies: readonly RenderedPolicy[] }
  | { readonly ok: false; readonly refused: readonly Unrendered[] };

/** Not the operator's, which removes what it takes for its own and finds no policy for. */
const RENDERED = 'sekisho-render';

/**
 * The objects of all policies, sorted by policy, for a cluster without the operator. Pure, and the same in whatever order they are
 * listed. All or none: what is missing of a policy would be an open workload.
 * @throws PolicyError when `mesh.trustDomain` is not a trust domain
 */
export function renderPolicies({ policies, issuers, mesh }: WrittenPolicies): Rendered {
  const all = policies.map(asWritten).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const verdicts = all.map((policy, index) => {
    const others = all.filter((other) => other !== policy);
    const isTwice = keyOf(all[index - 1]) === keyOf(policy);
    return isTwice ? twice(policy) : objectsOf({ ...surroundingsOf(policy, others), issuers, mesh });
  });
  const refused = verdicts.flatMap((one) => ('message' in one ? [one] : []));
  if (refused.length > 0) return { ok: false, refused };
  return { ok: true, policies: verdicts.flatMap((one) => ('objects' in one ? [one] : [])) };
}

/** What a cluster once said of it, its uid among that, is not this one's. */
function asWritten({ apiVersion, kind, metadata, spec }: RawObject): RawObject {
  const { name, namespace = 'default' } = metadata;
  return { ...(apiVersion && { apiVersion }), ...(kind && { kind }), metadata: { name, namespace }, spec };
}

function keyOf(policy: RawObject | undefined): string {
  return policy === undefined ? '' : `${policy.metadata.namespace}/${policy.metadata.name}`;
}

function twice(policy: RawObject): Unrendered {
  return { policy: keyOf(policy), message: 'metadata.name: it is there twice; leave one out' };
}

function surroundingsOf(policy: RawObject, others: readonly RawObject[]) {
  const isNear = ({ metadata }: RawObject) => metadata.namespace === policy.metadata.namespace;
  const names = serviceNames(policy);
  const namesakes = others.filter(
    (other) => !isNear(other) && serviceNames(other).some((name) => names.includes(name)),
  );
  return { policy, rivals: others.filter(isNear), namesakes, owned: [] };
}

function objectsOf(snapshot: Snapshot): Unrendered | RenderedPolicy {
  const policy = keyOf(snapshot.policy);
  const verdict = judge(snapshot);
  if (verdict.kind !== 'compiled') return { policy, message: verdict.refusal.message };
  return { policy, objects: inSafeOrder(verdict.compiled, []).map(relabelled) };
}

function relabelled({ metadata, ...rest }: IstioObject): IstioObject {
  return { ...rest, metadata: { ...metadata, labels: { ...metadata.labels, [LABEL.managedBy]: RENDERED } } };
}
