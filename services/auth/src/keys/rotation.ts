import { CLOCK_SKEW_SECONDS, type SigningAlgorithm } from '@sekisho/tokens';

/**
 * `next` is published and waits to sign, `active` signs, `retiring` is published for the tokens it signed. A
 * `retired` key is neither published nor kept: of it only its name and times stay.
 */
export const KEY_STATES = ['next', 'active', 'retiring', 'retired'] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** A key that is published. Times are milliseconds of the database's clock, the only one that all replicas share. */
export interface LiveKey {
  readonly kid: string;
  /** The one that signs with it; empty for a key from before there were regions, or where there are none. */
  readonly region: string;
  readonly alg: SigningAlgorithm;
  readonly state: Exclude<KeyState, 'retired'>;
  /** When it came into this state. */
  readonly since: number;
  /** Life of the longest-living token that it signs or signed. */
  readonly longestTokenMs: number;
  /** When it was asked, of the key that signs, to let the next one sign; undefined if nobody did. */
  readonly rotationRequestedAt?: number;
}

export interface RotationRules {
  /** Of the key to sign with. */
  readonly alg: SigningAlgorithm;
  /** Likewise. */
  readonly region: string;
  /** For how long one key signs. */
  readonly periodMs: number;
  /** What was written so long ago is known to every replica that publishes or signs; see KeyTiming. */
  readonly settleMs: number;
  /** For how long a cache may keep a key set. */
  readonly cacheMs: number;
  /** For how long a key is published before it signs, where nobody reports who holds it. */
  readonly publishMs: number;
  /** Life of the longest-living token that the signer may sign. */
  readonly longestTokenMs: number;
  /** For how long a signer that is told its keys may go on by what it was last told; 0 for one that reads them itself. */
  readonly cutOffMs: number;
  /** Nothing is promoted while so many keys retire; see `maxRetiring`. */
  readonly maxRetiring: number;
}

/** Why a key is not known to be where it must be: with the verifiers of the mesh, and in the replica of the database. */
export const MISSING_REASONS = [
  'unreachable',
  'issuer_unknown',
  'issuer_differs',
  'not_ready',
  'not_listed',
  'policies_behind',
  'replica_behind',
] as const;
export type MissingReason = (typeof MISSING_REASONS)[number];

/** Who holds the key `next`: `unreported` where there is nobody to ask. */
export type Spread =
  | { readonly kind: 'unreported' }
  | { readonly kind: 'held'; readonly forMs: number }
  | { readonly kind: 'missing'; readonly reason: MissingReason };

/** Why `next` does not sign although it should; `publishing` and `crowded` end by themselves. */
export const WAIT_REASONS = ['publishing', 'crowded', ...MISSING_REASONS, 'region_behind'] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

export interface Wait {
  readonly reason: WaitReason;
  /** Since when the next key should sign. */
  readonly since: number;
}

export type Step =
  /** The first key, or one in place of a key that was lost or compromised: it signs at once. */
  | { readonly kind: 'start' }
  /**
   * A key that is published while another signs, and from then on ready to take its place.
   * @property active undefined for the first key of a region that joins others: it waits until they hold it
   */
  | { readonly kind: 'prepare'; readonly active: string | undefined }
  /** The next key is of an algorithm or a region that is not wanted any more: another one is to wait in its place. */
  | { readonly kind: 'discard'; readonly kid: string }
  /** @property replaces the key that signed until now, if there is one */
  | { readonly kind: 'promote'; readonly kid: string; readonly replaces: string | undefined }
  | { readonly kind: 'retire'; readonly kid: string }
  /** Two keys sign, as when regions were set up, taken back and set up again: this one is to retire. */
  | { readonly kind: 'relieve'; readonly kid: string }
  /** Keys that sign are to stay published for longer. */
  | { readonly kind: 'lengthen'; readonly longestTokenMs: number }
  | { readonly kind: 'rest'; readonly wait?: Wait };

/** One that changes something. */
export type DueStep = Exclude<Step, { kind: 'rest' }>;

export interface RotationFacts {
  readonly rules: RotationRules;
  /** Milliseconds, by the database's clock. */
  readonly now: number;
  readonly spread: Spread;
  /** Other regions that are waited for, because they do not hold `next` yet. @default none */
  readonly behind?: readonly string[];
  /** Whether the region joins others, whose verifiers are to hold its first key before it signs. @default false */
  readonly isNewcomer?: boolean;
}

/** Verifiers take a token so long after its end, and the clock that set its end may have been ahead of the database's. */
const LEEWAY_MS = 2 * CLOCK_SKEW_SECONDS * 1000;

/**
 * The one step that is due, or rest. Every replica decides by itself and from what it read, so each step is carried out
 * only if what it was decided by still holds; a step that lost such a race is decided again.
 * @param keys of one signer and region; where two are in a state that is for one, the first counts
 */
export function nextStep(keys: readonly LiveKey[], facts: RotationFacts): Step {
  const { rules, now } = facts;
  const active = keys.find(({ state }) => state === 'active');
  const next = keys.find(({ state }) => state === 'next');
  if (active === undefined) return first(keys, next, facts);
  const surplus = surplusStep(keys, { active, next });
  if (surplus) return surplus;
  if (isShort(active, rules) || (next && isShort(next, rules))) {
    return { kind: 'lengthen', longestTokenMs: rules.longestTokenMs };
  }
  const over = keys.find((key) => key.state === 'retiring' && now >= lastUseOf(key, rules));
  if (over) return { kind: 'retire', kid: over.kid };
  // There always is a key that everybody holds, for the day on which the one that signs must not sign any more.
  if (next === undefined) return { kind: 'prepare', active: active.kid };
  return isPromotionDue(keys, facts) ? replacement({ keys, active, next }, facts) : { kind: 'rest' };
}

function first(keys: readonly LiveKey[], next: LiveKey | undefined, facts: RotationFacts): Step {
  // Without a key that signs nothing can get worse: the one that verifiers may know already comes first.
  if (facts.isNewcomer !== true) return next ? promotion(next, undefined) : { kind: 'start' };
  if (next === undefined) return { kind: 'prepare', active: undefined };
  const reason = waitOf(next, keys, facts);
  return reason === undefined ? promotion(next, undefined) : { kind: 'rest', wait: { reason, since: next.since } };
}

interface Places {
  readonly active: LiveKey;
  readonly next: LiveKey | undefined;
}

/** Of one region there is one key in each place; of one that was none before there may be two. */
function surplusStep(keys: readonly LiveKey[], { active, next }: Places): Step | undefined {
  const signs = keys.find((key) => key.state === 'active' && key !== active);
  if (signs) return { kind: 'relieve', kid: signs.kid };
  const waits = keys.find((key) => key.state === 'next' && key !== next);
  return waits && { kind: 'discard', kid: waits.kid };
}

/** What a new key would be for; undefined when none is wanted. */
export function wantedKey(
  keys: readonly LiveKey[],
  isNewcomer = false,
): (Step & { kind: 'start' | 'prepare' }) | undefined {
  if (keys.some(({ state }) => state === 'next')) return undefined;
  const active = keys.find(({ state }) => state === 'active');
  return active === undefined && !isNewcomer ? { kind: 'start' } : { kind: 'prepare', active: active?.kid };
}

/** Whether the next key should sign; only then it matters who holds it. */
export function isPromotionDue(
  keys: readonly LiveKey[],
  { rules, now }: Pick<RotationFacts, 'rules' | 'now'>,
): boolean {
  const active = keys.find(({ state }) => state === 'active');
  const next = keys.find(({ state }) => state === 'next');
  if (active === undefined || next === undefined) return false;
  return !fits(next, rules) || !fits(active, rules) || now >= periodEnd(active, rules);
}

function fits({ alg, region }: LiveKey, rules: Pick<RotationRules, 'alg' | 'region'>): boolean {
  return alg === rules.alg && region === rules.region;
}

interface Replacement {
  readonly keys: readonly LiveKey[];
  readonly active: LiveKey;
  readonly next: LiveKey;
}

function replacement({ keys, active, next }: Replacement, facts: RotationFacts): Step {
  const { rules } = facts;
  // Not at once: while replicas are restarted with another setting, some still want the one from before.
  if (!fits(next, rules) && !isSettling(next, facts)) return { kind: 'discard', kid: next.kid };
  const reason = waitOf(next, keys, facts);
  if (reason === undefined) return promotion(next, active.kid);
  const dueAt = fits(active, rules) ? periodEnd(active, rules) : active.since;
  return { kind: 'rest', wait: { reason, since: Math.max(dueAt, next.since) } };
}

/**
 * When the last token that a key signed is refused everywhere for its age, if the key signs until it is superseded and
 * for as long after that as one who signs may not have noticed.
 */
export function lastUseOf(
  { since, longestTokenMs }: Pick<LiveKey, 'since' | 'longestTokenMs'>,
  { settleMs, cutOffMs }: Pick<RotationRules, 'settleMs' | 'cutOffMs'>,
): number {
  return since + settleMs + cutOffMs + longestTokenMs + LEEWAY_MS;
}

function promotion({ kid }: LiveKey, replaces: string | undefined): Step {
  return { kind: 'promote', kid, replaces };
}

function isShort({ longestTokenMs }: LiveKey, rules: RotationRules): boolean {
  return longestTokenMs < rules.longestTokenMs;
}

/** When the next key should take its place: at the end of its period, or when that was asked for. */
function periodEnd({ since, rotationRequestedAt }: LiveKey, { periodMs }: RotationRules): number {
  return Math.min(since + periodMs, rotationRequestedAt ?? Number.POSITIVE_INFINITY);
}

/** A client may ask any replica for the keys, and its cache may answer: all have a key before any signs with it. */
function isSettling({ since }: LiveKey, { rules, now }: RotationFacts): boolean {
  return now - since < rules.settleMs + rules.cacheMs;
}

function waitOf(next: LiveKey, keys: readonly LiveKey[], facts: RotationFacts): WaitReason | undefined {
  const { rules, now, spread, behind = [] } = facts;
  if (isSettling(next, facts)) return 'publishing';
  if (keys.filter(({ state }) => state === 'retiring').length >= rules.maxRetiring) return 'crowded';
  switch (spread.kind) {
    case 'unreported':
      if (now - next.since < rules.publishMs) return 'publishing';
      break;
    case 'held':
      // The API server holds it in every policy; istiod and the proxies follow within seconds.
      if (spread.forMs < rules.settleMs) return 'publishing';
      break;
    case 'missing':
      return spread.reason;
  }
  return behind.length > 0 ? 'region_behind' : undefined;
}
