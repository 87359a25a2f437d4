import { expect, test } from 'vitest';
import { randomFrom } from '../../chaos/random.ts';
import { FAULT_NAMES, type PlannedFault, plannedFaults } from './faults.ts';

function plan(seed: number, count: number): readonly PlannedFault[] {
  const faults = plannedFaults(randomFrom(seed));
  return Array.from({ length: count }, () => faults.next().value);
}

test('every fault comes before any comes again', () => {
  const names = plan(7, 2 * FAULT_NAMES.length).map(({ name }) => name);
  expect(names.slice(0, FAULT_NAMES.length).toSorted()).toEqual(FAULT_NAMES.toSorted());
  expect(names.slice(FAULT_NAMES.length).toSorted()).toEqual(FAULT_NAMES.toSorted());
});

test('a seed repeats its faults, and another has others', () => {
  expect(plan(7, 30)).toEqual(plan(7, 30));
  expect(plan(7, 30)).not.toEqual(plan(8, 30));
});
