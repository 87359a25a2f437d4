import { setTimeout as delay } from 'node:timers/promises';
import { sumOf } from '../../monitoring/samples.ts';
import type { Seen } from '../../story/step.ts';
import type { RegionName, RegionPlace } from '../regions-info.ts';
import type { Traveller } from './traveller.ts';

const LONGEST_MS = 60_000;
const PAUSE_MS = 5;

/** Asks until the answer is what is wanted, for a minute at most. @returns what came last, and since when */
export async function until(wanted: string, ask: () => Promise<string>): Promise<Seen> {
  const began = performance.now();
  let came = '';
  while (came !== wanted && performance.now() - began < LONGEST_MS) {
    if (came !== '') await delay(PAUSE_MS);
    came = await ask().catch((error: unknown) => `failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { came, measured: `after ${tellMs(performance.now() - began)}` };
}

export function tellMs(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** What several answered, one after the other, and how long they took together. */
export async function inTurn(...asks: readonly (() => Promise<Seen>)[]): Promise<Seen> {
  const began = performance.now();
  const answers: string[] = [];
  for (const ask of asks) answers.push((await ask()).came);
  return { came: answers.join(', '), measured: `after ${tellMs(performance.now() - began)}` };
}

export const logsIn = (who: Traveller, region: RegionName): Promise<Seen> => until('201', () => who.logIn(region));
export const passes = (who: Traveller, region: RegionName): Promise<Seen> => until('200', () => who.ask(region));
export const isRevoked = (who: Traveller, region: RegionName): Promise<Seen> =>
  until('401 token_revoked', () => who.ask(region));

const KEY_IS_OUT: readonly string[] = ['401 token_revoked', '401 token_invalid'];

/**
 * Asks with a token of a lost key. The guard refuses it as revoked from when it hears of the loss, and then asks for the key set at once:
 * without the key the token is as good as forged. Which of the two an answer says is a matter of milliseconds.
 */
export const isOut = (who: Traveller, region: RegionName): Promise<Seen> =>
  until('401', async () => {
    const came = await who.ask(region);
    return KEY_IS_OUT.includes(came) ? '401' : came;
  });

/** Of one whose answer got lost the token is revoked already. */
export async function logsOut(who: Traveller, region: RegionName): Promise<Seen> {
  let attempts = 0;
  return until('204', async () => {
    attempts += 1;
    const came = await who.logOut(region);
    return attempts > 1 && came === '401 token_revoked' ? '204' : came;
  });
}

const PLACES = ['nowhere', 'local', 'global'] as const;

/** Asks until the guard has looked the session up, which it does once a second, and its own store had it. */
export function isKnown(place: RegionPlace, who: Traveller): Promise<Seen> {
  return until('200, from the local store', async () => {
    const before = await lookups(place);
    const came = await who.ask(place.name);
    return `${came}, ${foundBetween(before, await lookups(place))}`;
  });
}

/**
 * Asks until the session is good, and the global store was asked for it since the first time. An answer that would take longer
 * than Envoy waits is "come again", and what was fetched for it is in the local store when they do.
 */
export async function isFetched(place: RegionPlace, who: Traveller): Promise<Seen> {
  const before = await lookups(place);
  return until('200, from the global store', async () => {
    const came = await who.ask(place.name);
    return `${came}, ${foundBetween(before, await lookups(place))}`;
  });
}

/** The one that is farthest away, of those that had it. */
function foundBetween(before: readonly number[], after: readonly number[]): string {
  const found = PLACES.findLast((_, index) => (after[index] ?? 0) > (before[index] ?? 0));
  return found === undefined ? 'without a look-up' : `from the ${found} store`;
}

async function lookups({ guardOps }: RegionPlace): Promise<readonly number[]> {
  const text = await (await fetch(`${guardOps}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
  return PLACES.map((where) => sumOf(text, 'session_lookups_total', [`where="${where}"`]));
}
