import type { HolderNote, KeyHistory, StoredKey } from './key-store.ts';
import type { KeyRegion } from './region.ts';
import type { MissingReason, RotationRules, Spread } from './rotation.ts';

export interface HolderFacts {
  /** The one that notes. */
  readonly region: string;
  readonly rules: Pick<RotationRules, 'settleMs' | 'cacheMs' | 'publishMs'>;
  /** Milliseconds, by the database's clock. */
  readonly now: number;
  /** Who holds the key here. */
  readonly spread: Spread;
}

/** What is to be noted of a key that waits to sign, whichever region's it is. */
export function noteOf({ holders }: Pick<StoredKey, 'holders'>, facts: HolderFacts): HolderNote | undefined {
  const own = holders.find(({ region }) => region === facts.region);
  if (own === undefined) return 'publishes';
  if (own.holds) return isLost(facts.spread) ? 'lacks' : undefined;
  return isHeld(facts.now - own.since, facts) ? 'holds' : undefined;
}

/** Neither takes a key from where it was: an API server that does not answer, a replica of the database that does not. */
const UNKNOWN: readonly MissingReason[] = ['unreachable', 'replica_behind'];

function isLost(spread: Spread): boolean {
  return spread.kind === 'missing' && !UNKNOWN.includes(spread.reason);
}

/** By the rules that a region's own key signs by, from when this region published it: it may have been away when the key was made. */
function isHeld(publishedMs: number, { rules, spread }: HolderFacts): boolean {
  if (publishedMs < rules.settleMs + rules.cacheMs) return false;
  switch (spread.kind) {
    case 'unreported':
      return publishedMs >= rules.publishMs;
    case 'held':
      return spread.forMs >= rules.settleMs;
    case 'missing':
      return false;
  }
}

/** The other regions that are waited for before a key signs. */
export function regionsBehind(
  { holders }: Pick<StoredKey, 'holders'>,
  { others }: Pick<KeyRegion, 'others'>,
  lost: readonly string[],
): readonly string[] {
  const holding = holders.flatMap(({ region, holds }) => (holds ? region : []));
  return others.filter((region) => !lost.includes(region) && !holding.includes(region));
}

/**
 * The regions that a key waits for, whichever region's it is. One from before there were regions is of the first.
 * @param own the one that tells
 */
export function waitsFor(
  { region, state, holders }: Pick<KeyHistory, 'region' | 'state' | 'holders'>,
  own: KeyRegion,
  lost: readonly string[],
): readonly string[] {
  if (state !== 'next' || own.name === '') return [];
  const [first = own.name] = own.isFirst ? [] : own.others;
  const owner = region === '' ? first : region;
  const others = [own.name, ...own.others].filter((name) => name !== owner);
  return regionsBehind({ holders }, { others }, lost);
}
