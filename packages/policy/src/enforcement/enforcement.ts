import { readPolicyStatus } from '../parse/status.ts';
import type { Finding } from '../plan/conditions.ts';
import type { Awaited, Snapshot } from '../plan/types.ts';
import { basisOf, groupOf } from './basis.ts';
import {
  enforced,
  expectedProxies,
  judgeSight,
  notAccepted,
  notAlone,
  notObserved,
  pending,
  unclaimable,
} from './enforced.ts';

export interface Enforcement {
  readonly finding: Finding;
  /** Which objects every proxy has, as `basisOf` tells them; undefined while that is not so. */
  readonly enforced: string | undefined;
  readonly awaited?: Awaited;
}

interface Progress {
  readonly accepted: boolean;
  /** Nothing is left to be written. */
  readonly idle: boolean;
}

/**
 * Whether the generated objects have reached every proxy. Once seen it stays so while neither the objects nor the reach of the
 * claim change: an Envoy never goes back to older listeners, and one that starts later begins with what istiod holds.
 */
export function enforcementOf(snapshot: Snapshot, { accepted, idle }: Progress): Enforcement {
  if (!accepted) return { finding: notAccepted, enforced: undefined };
  const workloads = snapshot.surroundings?.workloads.proxies;
  const obstacle = unclaimable(workloads);
  const basis = basisOf(snapshot.owned);
  const isProven = idle && readPolicyStatus(snapshot.policy.status).enforcedObjects === basis;
  const seen = isProven && !hasRelabelled(expectedProxies(workloads ?? []), snapshot);
  // While workloads are not known, as right after a start, they are taken to be those that were.
  if (seen && (workloads === undefined || obstacle === undefined)) return { finding: enforced, enforced: basis };
  if (obstacle !== undefined || workloads === undefined) return { finding: obstacle ?? pending, enforced: undefined };
  return awaiting(snapshot, { basis: idle ? basis : undefined, proxies: expectedProxies(workloads) });
}

interface Wanted {
  /** Undefined: the objects are still to be written. */
  readonly basis: string | undefined;
  readonly proxies: readonly string[];
}

function awaiting({ owned, enforcement, surroundings }: Snapshot, { basis, proxies }: Wanted): Enforcement {
  if (enforcement === undefined) return { finding: notObserved, enforced: undefined };
  const [group] = owned.flatMap((object) => groupOf(object) ?? []);
  if (basis === undefined || group === undefined) return { finding: pending, enforced: undefined };
  // What was seen before the objects changed says nothing of them.
  const isSeen = enforcement.basis === basis && !hasRelabelled(proxies, { enforcement });
  const seen = isSeen ? judgeSight(proxies, enforcement) : pending;
  if (seen.status === 'True') return { finding: seen, enforced: basis };
  const others = (surroundings?.foreign ?? []).filter((object) => groupOf(object) === group);
  const finding = seen.reason === 'IstiodBehind' && others.length > 0 ? notAlone(others) : seen;
  return { finding, enforced: undefined, awaited: { basis, group, proxies } };
}

function hasRelabelled(proxies: readonly string[], { enforcement }: Pick<Snapshot, 'enforcement'>): boolean {
  return (enforcement?.relabelled ?? []).some((id) => proxies.includes(id));
}
