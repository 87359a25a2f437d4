import { expect, test } from 'vitest';
import { createWorkLimit } from './work-limit.ts';

function setUp(maxNames = 10) {
  const time = { now: 0 };
  const take = createWorkLimit({ burst: 3, refillSeconds: 0.5, monotonic: () => time.now, maxNames });
  return { time, take };
}

test('allows a burst, then one more after each refill, and tells how long to wait', () => {
  const { time, take } = setUp();
  expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 1]);
  time.now = 499;
  expect(take('a')).toBe(1);
  time.now = 500;
  expect([take('a'), take('a')]).toEqual([0, 1]);
  time.now = 60_000;
  expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 1]);
});

test('one name uses nothing up that is another’s', () => {
  const { take } = setUp();
  for (let count = 0; count < 5; count += 1) take('a');
  expect(take('b')).toBe(0);
});

test('who is refused waits no longer for having asked', () => {
  const { time, take } = setUp();
  for (let count = 0; count < 100; count += 1) take('a');
  time.now = 500;
  expect(take('a')).toBe(0);
});

test('remembers a bounded number of names, those that asked last', () => {
  const { take } = setUp(2);
  for (let count = 0; count < 3; count += 1) take('a');
  take('b');
  expect(take('a')).toBe(1);
  take('c');
  expect(take('a')).toBe(0);
});
