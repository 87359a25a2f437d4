import type { RawObject } from '../resources.ts';
import { type Labels, nested, selectionOf } from './selection.ts';

interface Claim {
  readonly policy: RawObject;
  readonly labels: Labels;
}

/**
 * The policy that already governs this one's workload, if any: the older wins (creationTimestamp, then name). A policy that is
 * itself in conflict governs nothing. An invalid one does: it holds its last good objects or denies.
 */
export function governor(policy: RawObject, rivals: readonly RawObject[]): RawObject | undefined {
  const labels = selectionOf(policy.spec)?.matchLabels;
  if (labels === undefined) return undefined;
  const governing: Claim[] = [];
  for (const claim of rivals
    .filter((rival) => older(rival, policy))
    .sort(byAge)
    .flatMap(toClaim)) {
    if (!governing.some((other) => nested(other.labels, claim.labels))) governing.push(claim);
  }
  return governing.find((claim) => nested(claim.labels, labels))?.policy;
}

function toClaim(policy: RawObject): readonly Claim[] {
  const selector = selectionOf(policy.spec);
  return selector === undefined ? [] : [{ policy, labels: selector.matchLabels }];
}

function older(a: RawObject, b: RawObject): boolean {
  return byAge(a, b) < 0;
}

function byAge(a: RawObject, b: RawObject): number {
  return ageKey(a) < ageKey(b) ? -1 : ageKey(a) > ageKey(b) ? 1 : 0;
}

/** RFC 3339 in UTC sorts as text. A policy that was never stored counts as the youngest. */
function ageKey({ metadata }: RawObject): string {
  return `${metadata.creationTimestamp ?? '~'} ${metadata.name}`;
}
