import { setTimeout as delay } from 'node:timers/promises';
import { between, type Random, shuffled } from './random.ts';

export interface Fault<World> {
  /** What fails. Of one part there is one fault at a time: what is killed cannot stand still besides. */
  readonly part: string;
  /** Has it be gone or slow while `meanwhile` runs, and answers when it is back. */
  readonly strike: (world: World, meanwhile: () => Promise<void>) => Promise<void>;
}

/** By what they are called. */
export type Faults<World, Name extends string> = Readonly<Record<Name, Fault<World>>>;

/** Milliseconds. */
type Span = readonly [least: number, most: number];

export interface Schedule {
  /** Before the first of several begins. */
  readonly pauseMs: Span;
  readonly lastsMs: Span;
  /** Faults at once, of different parts. @default 1 */
  readonly atOnce?: number;
  /** Whether those at once begin and end together, or each begins while the first one is on, and ends when it will. */
  readonly overlap: 'together' | 'staggered';
}

export interface Strike<Name extends string> {
  readonly name: Name;
  /** Since the first one of those at once began. */
  readonly afterMs: number;
  readonly lastsMs: number;
}

export interface PlannedFault<Name extends string> {
  readonly pauseMs: number;
  readonly strikes: readonly Strike<Name>[];
}

/** Faults without end, one after the other, or so many at once; each of them comes before any comes again. */
export function* plannedFaults<Name extends string>(
  random: Random,
  faults: Faults<never, Name>,
  schedule: Schedule,
): Generator<PlannedFault<Name>, never> {
  const names = Object.keys(faults) as Name[];
  for (;;) {
    for (const group of grouped(shuffled(random, names), faults, schedule.atOnce ?? 1)) {
      yield { pauseMs: between(random, ...schedule.pauseMs), strikes: strikesOf(random, group, schedule) };
    }
  }
}

function grouped<Name extends string>(
  names: readonly Name[],
  faults: Faults<never, Name>,
  atOnce: number,
): readonly (readonly Name[])[] {
  const groups: Name[][] = [];
  for (const name of names) {
    const { part } = faults[name];
    const open = groups.find((group) => group.length < atOnce && group.every((other) => faults[other].part !== part));
    if (open === undefined) groups.push([name]);
    else open.push(name);
  }
  return groups;
}

function strikesOf<Name extends string>(
  random: Random,
  names: readonly Name[],
  { lastsMs, overlap }: Schedule,
): readonly Strike<Name>[] {
  const first = between(random, ...lastsMs);
  return names.map((name, index) => {
    if (index === 0 || overlap === 'together') return { name, afterMs: 0, lastsMs: first };
    return { name, afterMs: between(random, 0, first), lastsMs: between(random, ...lastsMs) };
  });
}

/** What those at once are called together. */
export function nameOf(strikes: readonly Strike<string>[]): string {
  return strikes.map(({ name }) => name).join(' and ');
}

/** Answers when everything is back. @throws what the first of them does that does not come back */
export async function strikeAll<World, Name extends string>(
  world: World,
  faults: Faults<World, Name>,
  strikes: readonly Strike<Name>[],
): Promise<void> {
  const striking = strikes.map(async ({ name, afterMs, lastsMs }) => {
    await delay(afterMs);
    await faults[name].strike(world, () => delay(lastsMs));
  });
  for (const result of await Promise.allSettled(striking)) if (result.status === 'rejected') throw result.reason;
}
