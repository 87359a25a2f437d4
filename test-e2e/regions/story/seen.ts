import { setTimeout as delay } from 'node:timers/promises';
import { sumOf } from '../../monitoring/samples.ts';
import type { Seen } from '../../story/step.ts';
import type { RegionPlace } from '../regions-info.ts';

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

/** What came, and how long it took. */
export async function timed(ask: () => Promise<string>): Promise<Seen> {
  const began = performance.now();
  const came = await ask();
  return { came, measured: `in ${tellMs(performance.now() - began)}` };
}

const PLACES = ['local', 'global', 'nowhere'] as const;

/** Asks until the guard has looked the session up, which it does once a second, and tells which store had it. */
export async function withLookup(place: RegionPlace, ask: () => Promise<string>): Promise<Seen> {
  const began = performance.now();
  for (;;) {
    const before = await lookups(place);
    const { came, measured } = await timed(ask);
    const after = await lookups(place);
    const where = PLACES.find((_, index) => (after[index] ?? 0) > (before[index] ?? 0));
    if (where !== undefined)
      return { came: `${came}, ${where === 'nowhere' ? where : `from the ${where} store`}`, measured };
    if (performance.now() - began > LONGEST_MS) return { came: `${came}, without a look-up`, measured };
    await delay(PAUSE_MS);
  }
}

async function lookups({ guardOps }: RegionPlace): Promise<readonly number[]> {
  const text = await (await fetch(`${guardOps}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
  return PLACES.map((where) => sumOf(text, 'session_lookups_total', [`where="${where}"`]));
}
