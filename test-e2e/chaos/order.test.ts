import { expect, test } from 'vitest';
import { commandOf, type Order, readOrder } from './order.ts';

const LIMITS = { verb: 'make chaos', mostMinutes: 60, newSeed: () => 5 };

test('what is not given has a default', () => {
  expect(readOrder({ MINUTES: '', AT_ONCE: undefined }, LIMITS)).toEqual({ minutes: 10, atOnce: 1, seed: 5 });
});

test('an order is written as it was given', () => {
  const order = readOrder({ MINUTES: '0.5', AT_ONCE: '2', SEED: '7' }, LIMITS);
  expect(commandOf('make chaos', order as Order)).toBe('make chaos MINUTES=0.5 AT_ONCE=2 SEED=7');
});

test.each([
  { MINUTES: '0' },
  { MINUTES: '61' },
  { MINUTES: 'long' },
  { AT_ONCE: '0' },
  { AT_ONCE: '4' },
  { AT_ONCE: '1.5' },
  { SEED: 'x' },
])('%j is none, and the answer says what is', (env) => {
  expect(readOrder(env, LIMITS)).toBe(
    'make chaos MINUTES=10 AT_ONCE=1 SEED=7: at most 60 minutes, 1 to 3 faults at once, and a whole number',
  );
});
