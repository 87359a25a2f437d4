import { expect, test } from 'vitest';
import { closedLoop, openLoop, warmUp } from './load.ts';

test('an open loop begins every call by its schedule, answered or not', async () => {
  const answers: PromiseWithResolvers<void>[] = [];
  const took = await openLoop(
    () => {
      const answer = Promise.withResolvers<void>();
      answers.push(answer);
      if (answers.length === 10) for (const { resolve } of answers) resolve();
      return answer.promise;
    },
    { perSecond: 1_000, seconds: 0.01 },
  );
  expect(took).toHaveLength(10);
});

test('an open loop counts how long a call was kept waiting before it could begin', async () => {
  let calls = 0;
  const took = await openLoop(
    async () => {
      calls += 1;
      const end = performance.now() + (calls === 1 ? 50 : 0);
      while (performance.now() < end);
    },
    { perSecond: 1_000, seconds: 0.005 },
  );
  // Due after a millisecond, begun after fifty, answered at once.
  expect(took[1]?.took).toBeGreaterThan(40);
  expect(took[1]?.late).toBeGreaterThan(40);
});

test('an open loop rejects when a call does', async () => {
  const loop = openLoop(() => Promise.reject(new Error('refused')), { perSecond: 1_000, seconds: 0.01 });
  await expect(loop).rejects.toThrow('refused');
});

test('a closed loop has so many calls under way, and tells how many were answered', async () => {
  let underWay = 0;
  let most = 0;
  let ended = 0;
  const answered = await closedLoop(
    async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      ended += 1;
    },
    { atOnce: 3, seconds: 0.05 },
  );
  expect(answered).toBe(ended);
  expect(answered).toBeGreaterThanOrEqual(3);
  expect(most).toBe(3);
});

test('a warm-up makes exactly so many calls', async () => {
  let calls = 0;
  await warmUp(
    async () => {
      calls += 1;
    },
    100,
    7,
  );
  expect(calls).toBe(100);
});
