/**
 * How replicas that do not talk to each other stay in step. Each looks at the database every `pollMs`; one that could
 * not for `staleMs` neither signs nor publishes; nothing is built on a change before `settleMs`; and a cache may keep
 * the key set for `cacheMs`. So whatever a replica signs with, everybody who fetches the keys from any of them has.
 *
 *   change          + 2 polls + slow look   + slow commit        + life in a cache
 *   |  written       |  all know, or stale   |  no old set given  |  no old set kept
 */
export interface KeyTiming {
  readonly pollMs: number;
  readonly staleMs: number;
  readonly settleMs: number;
  readonly cacheMs: number;
}

/** A look at a loaded database, or at one that fails over, takes its time. */
const SLOW_LOOK_MS = 5_000;
/** A row carries the time at which its statement began, and is seen once that is committed. */
const SLOW_COMMIT_MS = 5_000;

export function keyTiming(pollMs: number): KeyTiming {
  const staleMs = 2 * pollMs + SLOW_LOOK_MS;
  return { pollMs, staleMs, settleMs: staleMs + SLOW_COMMIT_MS, cacheMs: Math.max(2 * pollMs, 1_000) };
}

/** For how long this service signs and publishes by what a replica of its database shows, if the primary does not answer. */
export const REPLICA_CUT_OFF_SECONDS = 86_400;

/**
 * For how long the guard signs with what it was last told, if it cannot ask: an outage of this service is none of the edge.
 * Its keys stay published for as long after they are superseded.
 */
export const GUARD_CUT_OFF_SECONDS = 86_400;
