import { expect, test } from 'vitest';
import { inTurns } from './rounds.ts';

test('what is compared takes turns, and the rounds of the warm-up do not count', async () => {
  const order: string[] = [];
  const next = (name: string, numbers: number[]) => async () => {
    order.push(name);
    return numbers.shift() ?? Number.NaN;
  };
  const measures = { fast: next('fast', [1000, 4, 6, 20]), slow: next('slow', [1, 2, 2, 5]) };
  const measured = await inTurns(measures, { warmUp: 1, rounds: 3 });
  expect(order).toEqual(['fast', 'slow', 'fast', 'slow', 'fast', 'slow', 'fast', 'slow']);
  expect(measured.figure('fast', 'fast', '/s')).toEqual({ name: 'fast', unit: '/s', value: 6, spread: [4, 20] });
  expect(measured.ratio('fast', 'slow', 'both')).toMatchObject({ value: 3, spread: [2, 4] });
});
