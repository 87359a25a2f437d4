import { readPolicyStatus } from '../parse/status.ts';
import type { RawObject } from '../resources.ts';
import { type Labels, mayMeet, selectionOf } from './selection.ts';

interface Claim {
  readonly policy: RawObject;
  readonly labels: Labels;
  /** Sorts by creationTimestamp (RFC 3339 in UTC sorts as text), then by name. */
  readonly age: string;
}

/**
 * The policy that already governs workloads which this one may select, if any: the older wins (creationTimestamp, then name). An
 * invalid one governs too: it holds its last good objects or denies. One that is itself in conflict governs nothing, unless
 * objects from before the conflict are still in force: beside them another allow list would add up, and a lock would close.
 *
 * A rival is looked into only when it may meet: where selectors name one common label, that is once through the list.
 */
export function governor(policy: RawObject, rivals: readonly RawObject[]): RawObject | undefined {
  const claims = rivals.flatMap(toClaim).sort((a, b) => (a.age < b.age ? -1 : 1));
  const known = new Map<Claim, boolean>();
  const governorOf = (claim: Claim): Claim | undefined =>
    claims.find((other) => other.age < claim.age && mayMeet(other.labels, claim.labels) && governs(other));
  const governs = (claim: Claim): boolean => {
    const governing = known.get(claim) ?? (holdsObjects(claim.policy) || governorOf(claim) === undefined);
    known.set(claim, governing);
    return governing;
  };
  return toClaim(policy).map(governorOf)[0]?.policy;
}

function holdsObjects({ status }: RawObject): boolean {
  return (readPolicyStatus(status).objects ?? []).length > 0;
}

/** A policy that was never stored counts as the youngest. */
function toClaim(policy: RawObject): readonly Claim[] {
  const { creationTimestamp = '~', name } = policy.metadata;
  const selector = selectionOf(policy.spec);
  return selector === undefined ? [] : [{ policy, labels: selector.matchLabels, age: `${creationTimestamp} ${name}` }];
}
