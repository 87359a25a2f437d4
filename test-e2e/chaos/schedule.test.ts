import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { randomFrom } from './random.ts';
import { type Faults, type PlannedFault, plannedFaults, type Schedule, strikeAll } from './schedule.ts';

type Name = keyof typeof PARTS;
const PARTS = {
  'a killed': 'a',
  'a frozen': 'a',
  'a slow': 'a',
  'b killed': 'b',
  'b frozen': 'b',
  'c cut': 'c',
} as const;
const NAMES = Object.keys(PARTS) as readonly Name[];
const FAULTS: Faults<never, Name> = faultsThat(() => Promise.resolve());
const SCHEDULE: Schedule = { pauseMs: [1_000, 3_000], lastsMs: [1_500, 9_000], overlap: 'staggered' };

function faultsThat(strike: (name: Name, meanwhile: () => Promise<void>) => Promise<void>): Faults<unknown, Name> {
  const rows = NAMES.map((name) => [
    name,
    { part: PARTS[name], strike: (_: unknown, meanwhile: () => Promise<void>) => strike(name, meanwhile) },
  ]);
  return Object.fromEntries(rows) as Faults<unknown, Name>;
}

function first(seed: number, count: number, more: Partial<Schedule> = {}): readonly PlannedFault<Name>[] {
  const faults = plannedFaults(randomFrom(seed), FAULTS, { ...SCHEDULE, ...more });
  return Array.from({ length: count }, () => faults.next().value);
}

const namesOf = (faults: readonly PlannedFault<Name>[]) =>
  faults.flatMap(({ strikes }) => strikes.map(({ name }) => name));

/** Until each was there once. */
function round(seed: number, atOnce: number): readonly PlannedFault<Name>[] {
  const planned = first(seed, NAMES.length, { atOnce });
  const last = planned.findIndex((_, index) => namesOf(planned.slice(0, index + 1)).length >= NAMES.length);
  return planned.slice(0, last + 1);
}

describe('what is planned', () => {
  test('a seed decides the faults, and another one decides others', () => {
    expect(first(1, 20, { atOnce: 2 })).toEqual(first(1, 20, { atOnce: 2 }));
    expect(first(1, 20)).not.toEqual(first(2, 20));
  });

  test('every fault comes before one comes again', () => {
    const names = namesOf(first(3, 2 * NAMES.length));
    expect(names.slice(0, NAMES.length).toSorted()).toEqual(NAMES.toSorted());
    expect(names.slice(NAMES.length).toSorted()).toEqual(NAMES.toSorted());
  });

  test('no fault lasts longer, and none begins sooner, than it is meant to', () => {
    const faults = first(4, 500, { atOnce: 2 });
    const lasts = faults.flatMap(({ strikes }) => strikes.map(({ lastsMs }) => lastsMs));
    expect(faults.filter(({ pauseMs }) => pauseMs < 1_000 || pauseMs > 3_000)).toEqual([]);
    expect(lasts.filter((lastsMs) => lastsMs < 1_500 || lastsMs > 9_000)).toEqual([]);
  });

  test.each([2, 3])(
    'of %i at once each is of another part, and still every one comes before one comes again',
    (atOnce) => {
      const faults = round(5, atOnce);
      expect(namesOf(faults).toSorted()).toEqual(NAMES.toSorted());
      expect(Math.max(...faults.map(({ strikes }) => strikes.length))).toBe(atOnce);
      for (const { strikes } of faults) {
        expect(new Set(strikes.map(({ name }) => PARTS[name])).size).toBe(strikes.length);
      }
    },
  );

  test('those at once begin and end together, or begin while the first one is on', () => {
    const later = (more: Partial<Schedule>) =>
      first(6, 100, { atOnce: 2, ...more }).flatMap(({ strikes: [one, ...others] }) =>
        others.map((other) => ({ one, other })),
      );
    const [together, staggered] = [later({ overlap: 'together' }), later({})];
    expect(together.every(({ one, other }) => other.afterMs === 0 && other.lastsMs === one?.lastsMs)).toBe(true);
    expect(staggered.every(({ one, other }) => other.afterMs <= (one?.lastsMs ?? 0))).toBe(true);
    expect(staggered.some(({ one, other }) => other.afterMs > 0 && other.lastsMs !== one?.lastsMs)).toBe(true);
  });
});

describe('what strikes', () => {
  const both = [
    { name: 'a killed', afterMs: 0, lastsMs: 1 },
    { name: 'b frozen', afterMs: 0, lastsMs: 1 },
  ] as const;

  test('one begins while another one is on, and all are back before it is over', async () => {
    const begun = new Set<Name>();
    const bothBegan = Promise.withResolvers<void>();
    const ended: Name[] = [];
    const faults = faultsThat(async (name, meanwhile) => {
      begun.add(name);
      if (begun.size === both.length) bothBegan.resolve();
      await bothBegan.promise;
      await meanwhile();
      ended.push(name);
    });
    await strikeAll(undefined, faults, both);
    expect(ended.toSorted()).toEqual(['a killed', 'b frozen']);
  });

  test('one that does not come back is told after the others ended', async () => {
    const ended: Name[] = [];
    const faults = faultsThat(async (name, meanwhile) => {
      await meanwhile();
      if (name === 'a killed') throw new Error('a is not back');
      await nextTurn();
      ended.push(name);
    });
    await expect(strikeAll(undefined, faults, both)).rejects.toThrow('a is not back');
    expect(ended).toEqual(['b frozen']);
  });
});
