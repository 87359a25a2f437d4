import type { Target } from '../compile/istio.ts';
import type { RawObject } from '../resources.ts';
import { overlap, targetOf } from '../target.ts';

interface Claim {
  readonly policy: RawObject;
  readonly target: Target;
  /** Sorts by creationTimestamp (RFC 3339 in UTC sorts as text), then by name. */
  readonly age: string;
}

/**
 * The policy that already governs this one's workload, if any: the older wins (creationTimestamp, then name). A policy that is
 * itself in conflict governs nothing. An invalid one does: it holds its last good objects or denies.
 */
export function governor(policy: RawObject, rivals: readonly RawObject[]): RawObject | undefined {
  const claims = rivals.flatMap(toClaim);
  const known = new Map<Claim, Claim | undefined>();
  const governorOf = (claim: Claim): Claim | undefined => {
    const overlapping = claims.filter((other) => other.age < claim.age && overlap(other.target, claim.target));
    return overlapping.sort((a, b) => (a.age < b.age ? -1 : 1)).find((other) => remembered(other) === undefined);
  };
  const remembered = (claim: Claim): Claim | undefined => {
    if (!known.has(claim)) known.set(claim, governorOf(claim));
    return known.get(claim);
  };
  return toClaim(policy).map(governorOf)[0]?.policy;
}

/** A policy that was never stored counts as the youngest. */
function toClaim(policy: RawObject): readonly Claim[] {
  const { creationTimestamp = '~', name } = policy.metadata;
  const target = targetOf(policy.spec);
  return target === undefined ? [] : [{ policy, target, age: `${creationTimestamp} ${name}` }];
}
