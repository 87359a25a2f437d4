import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { sessionKeys, shardOf } from '../keys.ts';
import type { EndedSession } from '../session.ts';
import { createRefill } from './refill.ts';
import { createSyncTurn } from './sync-turn.ts';
import { connected, createRegion } from './testing/world.ts';

const local = await connected(`${inject('redisUrl')}/4`);
const global = await connected(`${inject('redisUrl')}/5`);
afterAll(() => {
  for (const redis of [local, global]) redis.disconnect();
});

function setUp() {
  const prefix = `test-${randomUUID()}`;
  const clock = () => new Date();
  const { sessions } = createRegion({ name: 'tokyo', local, global, prefix, clock });
  const evicted: string[] = [];
  const evict = async (_: string, ended: readonly EndedSession[]) => void evicted.push(...ended.map(({ id }) => id));
  const turn = createSyncTurn({ local, global, clock, prefix, consumer: 'one', evict });
  const begin = async (userId = randomUUID()) => {
    const { id } = await sessions.create({ userId, device: {} });
    return { id, userId };
  };
  const refill = createRefill({ local, global, prefix, consumer: 'one' });
  return { prefix, keys: sessionKeys(prefix), turn, begin, refill, sessions, evicted };
}

function outsideOf(shard: string): ReturnType<typeof randomUUID> {
  const userId = randomUUID();
  return shardOf(userId) === shard ? outsideOf(shard) : userId;
}

const TURNS = 10;

describe('what is damaged in one place holds up nothing else', () => {
  test('a session that the global store refuses for ever, not those after it', async () => {
    const { keys, turn, begin } = setUp();
    const damaged = await begin();
    await global.set(keys.session(damaged.userId, damaged.id), 'no hash');
    const next = await begin(damaged.userId);
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1, claimAfterMs: 30_000 });
    expect(await global.hget(keys.session(next.userId, next.id), 'id')).toBe(next.id);
    expect(await local.xlen(keys.outboxOf(damaged.userId))).toBe(1);
    // Once it is mended, it is sent as everything.
    await global.del(keys.session(damaged.userId, damaged.id));
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1, claimAfterMs: 30_000 });
    expect(await global.hget(keys.session(damaged.userId, damaged.id), 'id')).toBe(damaged.id);
    expect(await local.xlen(keys.outboxOf(damaged.userId))).toBe(0);
  });

  test('an outbox that cannot be read, not the others', async () => {
    const { keys, turn, begin } = setUp();
    const broken = randomUUID();
    await local.set(keys.outboxOf(broken), 'no stream');
    const sent = await begin(outsideOf(shardOf(broken)));
    for (let count = 0; count < TURNS; count += 1)
      expect(await turn({ count: 1, claimAfterMs: 30_000 })).toMatchObject({ isWhole: false });
    expect(await global.hget(keys.session(sent.userId, sent.id), 'id')).toBe(sent.id);
  });

  test('an entry that says nothing, or names what is no session, not those after it', async () => {
    const { keys, turn, begin } = setUp();
    const userId = randomUUID();
    await local.xadd(keys.outboxOf(userId), '*', 'what', 'ever');
    await local.xadd(keys.outboxOf(userId), '*', 'user', userId, 'session', 'text');
    await local.set(keys.session(userId, 'text'), 'no hash');
    const sent = await begin(userId);
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1, claimAfterMs: 30_000 });
    expect(await global.hget(keys.session(sent.userId, sent.id), 'id')).toBe(sent.id);
    expect(await local.xlen(keys.outboxOf(userId))).toBe(0);
  });

  test('what is no session and is named like one, not that the global store is told of the others again', async () => {
    const { keys, turn, begin, refill } = setUp();
    const { userId, id } = await begin();
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1, claimAfterMs: 30_000 });
    await local.set(keys.session(userId, 'text'), 'no hash');
    await local.hset(`${keys.sessionPrefix(userId)}n.n`, 'id', 'n.n');
    await global.del(keys.session(userId, id));
    expect(await refill(AbortSignal.timeout(60_000))).toBe(1);
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1, claimAfterMs: 30_000 });
    expect(await global.hget(keys.session(userId, id), 'id')).toBe(id);
  });

  test('a session that cannot be read, in either store, not the list of the others, so that they can be ended', async () => {
    const { keys, turn, begin, sessions } = setUp();
    const { userId, id } = await begin();
    await turn({ count: 1, claimAfterMs: 30_000 });
    for (const [index, redis] of [local, global].entries()) {
      await redis.hset(keys.session(userId, `damaged${index}`), 'expiresAt', 'never');
      await redis.hset(keys.session(userId, `empty${index}`), { createdAt: 1, lastAccessedAt: 1, expiresAt: 9e15 });
      await redis.zadd(keys.ofUser(userId), 1, `damaged${index}`, 1, `empty${index}`);
    }
    await global.hset(keys.session(userId, id), 'expiresAt', 'never');
    expect((await sessions.list(userId)).map((session) => session.id)).toEqual([id]);
  });

  test("what speaks of a session of somebody else: it is nobody's", async () => {
    const { keys, turn, begin, sessions } = setUp();
    const [theirs, userId] = [await begin(), randomUUID()];
    await turn({ count: 1, claimAfterMs: 30_000 });
    const fields = await global.hgetall(keys.session(theirs.userId, theirs.id));
    await global.hset(keys.session(userId, theirs.id), fields);
    await global.zadd(keys.ofUser(userId), 1, theirs.id);
    await expect(sessions.get(userId, theirs.id)).rejects.toMatchObject({ code: 'session_invalid' });
    expect(await sessions.list(userId)).toEqual([]);
    expect(await local.exists(keys.session(userId, theirs.id))).toBe(0);
  });

  test('what is listed among the sessions of a user and can be none, not what is sent of them', async () => {
    const { keys, turn, begin, evicted } = setUp();
    const { userId } = await begin();
    const before = Date.now() - 60_000;
    const names = Array.from({ length: 20 }, (_, index) => `no session: ${index}`);
    for (const name of names) await global.zadd(keys.ofUser(userId), before, name);
    await turn({ count: 1, claimAfterMs: 30_000 });
    expect(evicted).toEqual([]);
    expect(await local.xlen(keys.outboxOf(userId))).toBe(0);
  });

  test('a shard of the global store that cannot be looked at, not what the others lack', async () => {
    const { prefix, keys, turn, begin, refill } = setUp();
    const { userId, id } = await begin();
    await refill(AbortSignal.timeout(60_000));
    await turn({ count: 1, claimAfterMs: 30_000 });
    const markOf = async (shard: string) =>
      `${prefix}:{${shard}}:holds:${await local.get(`${prefix}:{${shard}}:store`)}`;
    const [lacking, broken] = [shardOf(userId), shardOf(outsideOf(shardOf(userId)))];
    await global.del(await markOf(lacking));
    await global.del(keys.session(userId, id));
    await global.del(await markOf(broken));
    await global.rpush(await markOf(broken), 'no mark');
    await expect(refill(AbortSignal.timeout(60_000))).rejects.toMatchObject({ code: 'redis_unavailable' });
    expect(await local.xlen(keys.outbox(lacking))).toBe(1);
  });
});
