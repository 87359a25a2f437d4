import { expect, test } from 'vitest';
import { FakeClock, settle } from './testing/index.ts';
import { TokenBucket } from './token-bucket.ts';

function setup() {
  const clock = new FakeClock();
  const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, clock);
  const passed: number[] = [];
  const never = new AbortController().signal;
  const take = (id: number, signal = never) => void bucket.take(signal).then(() => passed.push(id));
  return { clock, bucket, passed, take };
}

test('lets a burst pass at once and the rest at the rate, first come first served', async () => {
  const { clock, passed, take } = setup();
  for (const id of [1, 2, 3, 4]) take(id);
  await settle();
  expect(passed).toEqual([1, 2]);
  await clock.advance(100);
  expect(passed).toEqual([1, 2, 3]);
  await clock.advance(100);
  expect(passed).toEqual([1, 2, 3, 4]);
});

test('gathers no more than the burst', async () => {
  const { clock, bucket } = setup();
  await clock.advance(60_000);
  expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false]);
});

test('a wall clock that is set changes nothing', async () => {
  const { clock, bucket } = setup();
  bucket.tryTake();
  bucket.tryTake();
  clock.step(3_600_000);
  expect(bucket.tryTake()).toBe(false);
  clock.step(-7_200_000);
  await clock.advance(100);
  expect(bucket.tryTake()).toBe(true);
});

test('who gives up waiting leaves the token to others', async () => {
  const { clock, bucket, passed, take } = setup();
  const giveUp = new AbortController();
  for (const id of [1, 2]) take(id);
  take(3, giveUp.signal);
  giveUp.abort();
  await settle();
  expect(passed).toEqual([1, 2, 3]);
  await clock.advance(100);
  expect(bucket.tryTake()).toBe(true);
});
