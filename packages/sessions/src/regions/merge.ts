import { type FamilyReplica, hasEnded, type LiveReplica, type Replica } from './replica.ts';

/**
 * What two stores together know of a session, by one clock. It does not matter which of them is asked first, how often, or in
 * which order several are merged. `MERGE` is the same inside Redis.
 *
 * - An end wins over everything, the earlier of two.
 * - The latest access and the latest expiry count.
 * - Of two families of refresh tokens the later one counts, whole; of one family how far it came.
 * - Facts are the same wherever they are known: a session's id is made once.
 */
export function mergeReplicas(one: Replica, other: Replica): Replica {
  if (hasEnded(one) || hasEnded(other)) return { endedAt: Math.min(endOf(one), endOf(other)) };
  const family = mergeFamilies(one.family, other.family);
  return {
    facts: one.facts,
    createdAt: Math.min(one.createdAt, other.createdAt),
    lastAccessedAt: Math.max(one.lastAccessedAt, other.lastAccessedAt),
    expiresAt: Math.max(one.expiresAt, other.expiresAt),
    ...(family !== undefined && { family }),
  };
}

function endOf(replica: Replica): number {
  return hasEnded(replica) ? replica.endedAt : Number.POSITIVE_INFINITY;
}

function mergeFamilies(one: LiveReplica['family'], other: LiveReplica['family']): FamilyReplica | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.epoch !== other.epoch) return one.epoch > other.epoch ? one : other;
  // Two that began while neither region knew of the other's: any rule will do, if all have the same one.
  const order = Buffer.compare(Buffer.from(one.secret), Buffer.from(other.secret));
  if (order !== 0) return order > 0 ? one : other;
  return furtherOf(one, other);
}

/** A replay that one region found stays found. */
function furtherOf(one: FamilyReplica, other: FamilyReplica): FamilyReplica {
  const [first, second] = isFurther(one, other) ? [one, other] : [other, one];
  const replayed = [first.replayedAt, second.replayedAt].filter((at) => at !== undefined);
  return { ...first, ...(replayed.length > 0 && { replayedAt: Math.min(...replayed) }) };
}

/** Of two rotations to the same token the earlier one counts: its grace is over first. */
function isFurther(one: FamilyReplica, other: FamilyReplica): boolean {
  if (one.generation !== other.generation) return one.generation > other.generation;
  return (one.rotatedAt ?? 0) <= (other.rotatedAt ?? 0);
}
