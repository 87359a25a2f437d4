import { type Clock, momentOf } from '@sekisho/kube';
import { noteOf, regionsBehind } from './holders.ts';
import type { ReportSpread } from './issuer-spread.ts';
import type { KeyStore, KeysRead, StoredKey } from './key-store.ts';
import { isNewcomer } from './newcomer.ts';
import { readableKeys } from './readable-keys.ts';
import type { KeyRegion } from './region.ts';
import { isPromotionDue, type RotationFacts, type RotationRules, type Spread } from './rotation.ts';
import type { Repair, SignerRing } from './signer-ring.ts';

export interface GatherOptions {
  readonly store: KeyStore;
  /** Holds what is read. */
  readonly ring: SignerRing;
  readonly rules: RotationRules;
  readonly region: KeyRegion;
  /** Regions that are given up: their verifiers are not waited for. */
  readonly lostRegions: () => readonly string[];
  readonly spread: ReportSpread;
  /** Told of keys of other regions that are passed over, of none, too. */
  readonly onUnreadable: (kids: readonly string[]) => void;
  readonly clock: Clock;
}

/** The keys, and what is to be decided by: nothing where only a replica answers, which takes no change. */
export interface GatheredKeys extends KeysRead {
  readonly facts: RotationFacts | undefined;
}

/**
 * Reads the keys into the ring, and tells other regions which of those that wait are held here.
 * @throws AuthError `unavailable`, `key_unreadable`
 */
export async function gatherKeys(options: GatherOptions, signal: AbortSignal): Promise<GatheredKeys> {
  const { store, clock, ring, onUnreadable } = options;
  const at = momentOf(clock);
  const read = await store.read();
  const { keys: others, unreadable } = await readableKeys(read.others);
  onUnreadable(unreadable);
  const repairs = await ring.load(read.keys, others, { at, behindMs: read.behindMs });
  if (read.behindMs !== undefined) return { ...read, facts: undefined };
  for (const repair of repairs) await mend(store, repair);
  const published = [...read.keys, ...read.others.filter(({ kid }) => !unreadable.includes(kid))];
  const spreads = await spreadsOf(waitingKeys(read, published, options), options, signal);
  await noteHolders(published, { ...options, spreads, now: read.now });
  return { ...read, facts: factsOf(read, spreads, options) };
}

async function mend(store: KeyStore, repair: Repair): Promise<void> {
  switch (repair.kind) {
    case 'reseal':
      await store.reseal(repair.kid, repair.from, repair.to);
      return;
    case 'describe':
      await store.describe(repair.publicJwk);
  }
}

type Spreads = ReadonlyMap<string, Spread>;

/** Those of which it matters who holds them: for other regions always, else once one is to sign. */
function waitingKeys(
  { keys, now }: KeysRead,
  published: readonly StoredKey[],
  { region, rules }: GatherOptions,
): readonly StoredKey[] {
  const matters = region.name !== '' || isPromotionDue(keys, { rules, now });
  return matters ? published.filter(({ state }) => state === 'next') : [];
}

async function spreadsOf(
  waiting: readonly StoredKey[],
  { spread }: GatherOptions,
  signal: AbortSignal,
): Promise<Spreads> {
  return new Map(await Promise.all(waiting.map(async ({ kid }) => [kid, await spread(kid, signal)] as const)));
}

interface Noting extends GatherOptions {
  readonly spreads: Spreads;
  readonly now: number;
}

async function noteHolders(published: readonly StoredKey[], facts: Noting): Promise<void> {
  const { store, rules, region, now } = facts;
  if (region.name === '') return;
  for (const key of published.filter(({ state }) => state === 'next')) {
    const note = noteOf(key, { region: region.name, rules, now, spread: spreadOf(key, facts.spreads) });
    if (note !== undefined) await store.note(key.kid, note);
  }
}

function factsOf(read: KeysRead, spreads: Spreads, { rules, region, lostRegions }: GatherOptions): RotationFacts {
  const next = read.keys.find(({ state }) => state === 'next');
  return {
    rules,
    now: read.now,
    spread: spreadOf(next, spreads),
    behind: next === undefined ? [] : regionsBehind(next, region, lostRegions()),
    isNewcomer: isNewcomer(read, rules),
  };
}

function spreadOf(key: StoredKey | undefined, spreads: Spreads): Spread {
  return spreads.get(key?.kid ?? '') ?? { kind: 'unreported' };
}
