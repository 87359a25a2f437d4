import { expect, test } from 'vitest';
import { FAULT_NAMES, type PlannedFault, plannedFaults } from './faults.ts';
import { randomFrom } from './random.ts';

function first(seed: number, count: number): readonly PlannedFault[] {
  const faults = plannedFaults(randomFrom(seed));
  return Array.from({ length: count }, () => faults.next().value);
}

test('a seed decides the faults, and another one decides others', () => {
  expect(first(1, 20)).toEqual(first(1, 20));
  expect(first(1, 20)).not.toEqual(first(2, 20));
});

test('every fault comes before one comes again', () => {
  const round = first(3, 2 * FAULT_NAMES.length).flatMap(({ names }) => names);
  expect(round.slice(0, FAULT_NAMES.length).toSorted()).toEqual([...FAULT_NAMES].toSorted());
  expect(round.slice(FAULT_NAMES.length).toSorted()).toEqual([...FAULT_NAMES].toSorted());
});

test('no fault lasts longer, and none begins sooner, than it is meant to', () => {
  const faults = first(4, 500);
  expect(faults.filter(({ pauseMs }) => pauseMs < 1_000 || pauseMs > 3_000)).toEqual([]);
  expect(faults.filter(({ lastsMs }) => lastsMs < 1_500 || lastsMs > 9_000)).toEqual([]);
});

test('of several at once each is of another part, and still every one comes before one comes again', () => {
  const faults = plannedFaults(randomFrom(5), 2);
  const round: PlannedFault[] = [];
  while (round.flatMap(({ names }) => names).length < FAULT_NAMES.length) round.push(faults.next().value);
  expect(round.flatMap(({ names }) => names).toSorted()).toEqual([...FAULT_NAMES].toSorted());
  expect(round.some(({ names }) => names.length === 2)).toBe(true);
  for (const { names } of round) {
    expect(new Set(names.map((name) => name.split(' ')[0])).size).toBe(names.length);
    expect(names.length).toBeLessThanOrEqual(2);
  }
});
