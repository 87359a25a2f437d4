import { randomUUID } from 'node:crypto';
import { connectRedis, type RedisConnection } from '@sekisho/sessions/redis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createUnconfirmedLogIns } from './unconfirmed-log-ins.ts';

let redis: RedisConnection;
beforeAll(async () => {
  const ready = Promise.withResolvers<void>();
  const onState = (state: string) => state === 'ready' && ready.resolve();
  redis = connectRedis({ url: inject('redisUrl'), commandTimeoutMs: 60_000, onState });
  await ready.promise;
});
afterAll(() => redis?.disconnect());

const create = (prefix: string, restMs = 0) => createUnconfirmedLogIns({ redis, prefix, restMs });
const [alice, bob] = [
  { userId: randomUUID(), version: 3 },
  { userId: randomUUID(), version: 12 },
];

test('log-ins are due in the order in which they were noted last, each version once', async () => {
  const logIns = create(`test-${randomUUID()}`);
  const other = { ...alice, version: 4 };
  await logIns.note(alice);
  await logIns.note(other);
  await logIns.note(bob);
  const due = await logIns.due(10);
  const named = due.map(({ notedAt, ...logIn }) => logIn);
  expect(named).toHaveLength(3);
  expect(named).toEqual(expect.arrayContaining([alice, other, bob]));
  const moments = due.map(({ notedAt }) => Number(notedAt));
  expect(moments).toEqual(moments.toSorted());
  expect(await logIns.due(2)).toEqual(due.slice(0, 2));
  expect(await create(`test-${randomUUID()}`).due(10)).toEqual([]);
});

test('what was noted again since it was read is not settled by that', async () => {
  const logIns = create(`test-${randomUUID()}`);
  await logIns.note(alice);
  await logIns.note(bob);
  const due = await logIns.due(10);
  const isNewer = async () => {
    await logIns.note(alice);
    const [now, then] = [await logIns.due(10), due].map((all) => all.find(({ userId }) => userId === alice.userId));
    return now?.notedAt !== then?.notedAt;
  };
  await expect.poll(isNewer, { timeout: 60_000, interval: 20 }).toBe(true);
  await logIns.settle(due);
  expect((await logIns.due(10)).map(({ userId }) => userId)).toEqual([alice.userId]);
  await logIns.settle(await logIns.due(10));
  expect(await logIns.due(10)).toEqual([]);
  await logIns.settle([]);
});

test('none is due before it rested, and all are forgotten in the end', async () => {
  const prefix = `test-${randomUUID()}`;
  await create(prefix).note(alice);
  expect(await create(prefix, 24 * 60 * 60_000).due(10)).toEqual([]);
  expect(await create(prefix).due(10)).toMatchObject([alice]);
  const [key = ''] = await redis.keys(`${prefix}:*`);
  expect(await redis.pttl(key)).toBeGreaterThan(7 * 24 * 60 * 60_000);
});
