import { expect, test } from 'vitest';
import { together } from './together.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what falls due in one turn of the event loop is done at its end, in order', async () => {
  const done: number[] = [];
  const give = together((item: number) => void done.push(item));
  for (const item of [1, 2, 3]) give(item);
  await Promise.resolve();
  expect(done).toEqual([]);
  await turn();
  expect(done).toEqual([1, 2, 3]);
  give(4);
  await turn();
  expect(done).toEqual([1, 2, 3, 4]);
});

test('what falls due while others are done is done, too', async () => {
  const done: number[] = [];
  const give = together((item: number) => {
    done.push(item);
    if (item < 3) give(item + 1);
  });
  give(1);
  await expect.poll(() => done, { timeout: 30_000 }).toEqual([1, 2, 3]);
});

test('of many nobody waits for the last one', async () => {
  const done: number[] = [];
  const give = together((item: number) => void done.push(item));
  const items = Array.from({ length: 100 }, (_, index) => index);
  for (const item of items) give(item);
  expect(done).toEqual(items.slice(0, 96));
  await turn();
  expect(done).toEqual(items);
});
