import { covers, type Generation } from './generation.ts';

const DAY_MS = 24 * 3600_000;
export const LIFETIME_MS = 90 * DAY_MS;
/** A month in which something may go wrong every day before anything expires. */
export const RENEW_BEFORE_MS = 30 * DAY_MS;

export interface RotationState {
  readonly host: string;
  readonly now: number;
  /** How long a new authority is trusted everywhere before its certificate is served, and an old one afterwards. */
  readonly settleMs: number;
}

/*
 * Replicas do not talk to each other: each of them concludes the same from the Secret and the clock.
 *
 *   created          + settle              + 2 settle
 *   |  new CA trusted |  new one is served  |  old CA is dropped
 */

/** Whether a new generation is needed now. */
export function isDue(generations: readonly Generation[], state: RotationState): boolean {
  return !usable(generations, state).some(({ expiresAt }) => expiresAt - state.now > RENEW_BEFORE_MS);
}

/** Those that must stay trusted, oldest first. */
export function retained(generations: readonly Generation[], state: RotationState): readonly Generation[] {
  const { now, settleMs } = state;
  const successor = usable(generations, state).findLast(({ createdAt }) => createdAt + 2 * settleMs <= now);
  return ordered(generations).filter(
    ({ createdAt, expiresAt }) => expiresAt > now && createdAt >= (successor?.createdAt ?? 0),
  );
}

/** The newest that every API server had time to learn; when none had, the oldest, which is then the first ever. */
export function serving(generations: readonly Generation[], state: RotationState): Generation | undefined {
  const candidates = usable(generations, state);
  return candidates.findLast(({ createdAt }) => createdAt + state.settleMs <= state.now) ?? candidates[0];
}

function usable(generations: readonly Generation[], { host, now }: RotationState): readonly Generation[] {
  return ordered(generations).filter((generation) => generation.expiresAt > now && covers(generation, host));
}

function ordered(generations: readonly Generation[]): readonly Generation[] {
  return generations.toSorted((a, b) => a.createdAt - b.createdAt);
}
