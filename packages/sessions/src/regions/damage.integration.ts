import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { sessionKeys, shardOf } from '../keys.ts';
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
  const turn = createSyncTurn({ local, global, clock, prefix, consumer: 'one', evict: async () => undefined });
  const begin = async (userId = randomUUID()) => {
    const { id } = await sessions.create({ userId, device: {} });
    return { id, userId };
  };
  const refill = createRefill({ local, global, prefix, consumer: 'one' });
  return { keys: sessionKeys(prefix), turn, begin, refill };
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
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1 });
    expect(await global.hget(keys.session(next.userId, next.id), 'id')).toBe(next.id);
    expect(await local.xlen(keys.outboxOf(damaged.userId))).toBe(1);
    // Once it is mended, it is sent as everything.
    await global.del(keys.session(damaged.userId, damaged.id));
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1 });
    expect(await global.hget(keys.session(damaged.userId, damaged.id), 'id')).toBe(damaged.id);
    expect(await local.xlen(keys.outboxOf(damaged.userId))).toBe(0);
  });

  test('an outbox that cannot be read, not the others', async () => {
    const { keys, turn, begin } = setUp();
    const broken = randomUUID();
    await local.set(keys.outboxOf(broken), 'no stream');
    const sent = await begin(outsideOf(shardOf(broken)));
    for (let count = 0; count < TURNS; count += 1) expect(await turn({ count: 1 })).toMatchObject({ isWhole: false });
    expect(await global.hget(keys.session(sent.userId, sent.id), 'id')).toBe(sent.id);
  });

  test('an entry that says nothing, or names what is no session, not those after it', async () => {
    const { keys, turn, begin } = setUp();
    const userId = randomUUID();
    await local.xadd(keys.outboxOf(userId), '*', 'what', 'ever');
    await local.xadd(keys.outboxOf(userId), '*', 'user', userId, 'session', 'text');
    await local.set(keys.session(userId, 'text'), 'no hash');
    const sent = await begin(userId);
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1 });
    expect(await global.hget(keys.session(sent.userId, sent.id), 'id')).toBe(sent.id);
    expect(await local.xlen(keys.outboxOf(userId))).toBe(0);
  });

  test('what is no session and is named like one, not that the global store is told of the others again', async () => {
    const { keys, turn, begin, refill } = setUp();
    const { userId, id } = await begin();
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1 });
    await local.set(keys.session(userId, 'text'), 'no hash');
    await local.hset(`${keys.sessionPrefix(userId)}n.n`, 'id', 'n.n');
    await global.del(keys.session(userId, id));
    expect(await refill(AbortSignal.timeout(60_000))).toBe(1);
    for (let count = 0; count < TURNS; count += 1) await turn({ count: 1 });
    expect(await global.hget(keys.session(userId, id), 'id')).toBe(id);
  });
});
