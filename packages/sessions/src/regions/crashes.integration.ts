import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { SHARDS, sessionKeys } from '../keys.ts';
import type { SyncStep } from './sync-turn.ts';
import { connected, createRegion, type RegionUnderTest } from './testing/world.ts';

const database = (number: number) => connected(`${inject('redisUrl')}/${number}`);
const stores = { tokyo: await database(4), osaka: await database(5), global: await database(6) };
afterAll(() => {
  for (const redis of Object.values(stores)) redis.disconnect();
});

type Name = 'tokyo' | 'osaka';
const NAMES = ['tokyo', 'osaka'] as const;
const FAMILY = { secret: 'secret', context: '{}' };
const MINUTE = 60_000;

/** Two regions with sessions that wait in both: to be sent, to be ended here or there; and a user who has one too many. */
async function startWorld() {
  const prefix = `test-${randomUUID()}`;
  const [userId, crowded] = [randomUUID(), randomUUID()];
  let now = Date.now();
  const clock = () => new Date(now);
  const of = (name: Name) =>
    createRegion({ name, local: stores[name], global: stores.global, prefix, clock, maxPerUser: 6 });
  const regions = { tokyo: of('tokyo'), osaka: of('osaka') };
  const { tokyo, osaka } = regions;
  const settle = async () => {
    for (const region of [tokyo, osaka, tokyo]) await region.sync({ claimAfterMs: 0 });
  };
  const begin = async (region: RegionUnderTest, of = userId) => {
    now += MINUTE;
    return { userId: of, id: (await region.sessions.create({ userId: of, device: {}, clientId: 'shop' })).id };
  };
  const [endedInTokyo, endedInOsaka, refreshed] = [await begin(tokyo), await begin(osaka), await begin(tokyo)];
  await tokyo.refresh.begin(userId, refreshed.id, FAMILY);
  await settle();
  for (const [region, mine, theirs] of [
    [tokyo, endedInTokyo, endedInOsaka],
    [osaka, endedInOsaka, endedInTokyo],
  ] as const) {
    await region.sessions.destroy(userId, mine.id);
    // Who has not heard goes on using it.
    await region.sessions.touch(userId, theirs.id);
    await region.refresh.find(userId, refreshed.id);
    await region.refresh.rotate({ userId, sessionId: refreshed.id, generation: 0, secret: FAMILY.secret });
  }
  const added = [await begin(tokyo), await begin(osaka), await begin(osaka)];
  const many = [];
  for (const region of [tokyo, osaka, tokyo, osaka, tokyo, osaka, osaka]) many.push(await begin(region, crowded));
  const [oldest = endedInTokyo, ...kept] = many;
  return {
    ...{ prefix, regions, settle, refreshed },
    ended: [endedInTokyo, endedInOsaka, oldest],
    alive: [refreshed, ...added, ...kept],
  };
}

type World = Awaited<ReturnType<typeof startWorld>>;

/** Nothing waits, nobody holds anything, and all three stores say the same. */
async function expectSettled({ prefix, regions, settle, refreshed, ended, alive }: World): Promise<void> {
  const keys = sessionKeys(prefix);
  // That a session was ended elsewhere is refused by its revocation; here it is learned at the next use.
  for (const { sessions } of Object.values(regions)) {
    for (const { userId, id } of ended) await sessions.touch(userId, id);
  }
  await settle();
  for (const name of NAMES) await expectNothingWaits(name, prefix);
  for (const { userId, id } of ended) {
    expect(await stores.global.hkeys(keys.session(userId, id))).toEqual(['endedAt']);
    for (const { sessions } of Object.values(regions)) expect(await sessions.get(userId, id)).toBeUndefined();
  }
  for (const { userId, id } of alive) {
    const held = await stores.global.hgetall(keys.session(userId, id));
    expect(held).toMatchObject({ id, userId });
    expect(await stores.global.get(keys.owner(id))).toBe(userId);
    for (const { sessions } of Object.values(regions)) expect(await sessions.get(userId, id)).toMatchObject({ id });
  }
  for (const { sessions, refresh } of Object.values(regions)) {
    for (const user of new Set(alive.map(({ userId }) => userId))) {
      const listed = (await sessions.list(user)).map(({ id }) => id);
      const expected = alive.filter(({ userId }) => userId === user).map(({ id }) => id);
      expect(listed.toSorted()).toEqual(expected.toSorted());
    }
    expect(await refresh.find(refreshed.userId, refreshed.id)).toMatchObject({ generation: 1 });
  }
}

async function expectNothingWaits(name: Name, prefix: string): Promise<void> {
  const keys = sessionKeys(prefix);
  for (const shard of SHARDS) {
    expect(await stores[name].xlen(keys.outbox(shard))).toBe(0);
    if ((await stores[name].exists(keys.outbox(shard))) === 0) continue;
    expect(await stores[name].xpending(keys.outbox(shard), 'sync')).toEqual([0, null, null, null]);
  }
  for (const key of await stores[name].keys(`${prefix}:*:session:*`)) {
    expect([key, await stores[name].hexists(key, 'queued')]).toEqual([key, 0]);
  }
}

/** Ends a sync right before the step of that number. @returns the step; undefined when it was done before */
async function crash(region: RegionUnderTest, number: number): Promise<SyncStep | undefined> {
  let passed = 0;
  let crashed: SyncStep | undefined;
  const before = (step: SyncStep) => {
    passed += 1;
    if (passed <= number) return;
    // The dead do nothing more.
    crashed ??= step;
    throw new Error('crashed');
  };
  await region.sync({ before, count: 2 }).catch((error: Error) => expect(error.message).toBe('crashed'));
  return crashed;
}

describe('a process that ends at any step of the sync', () => {
  test.each(NAMES)(
    'in %s loses nothing and doubles nothing: the next one goes on',
    { timeout: 180_000 },
    async (name) => {
      const seen = new Set<SyncStep>();
      for (let number = 0; ; number += 1) {
        const world = await startWorld();
        await world.regions[name === 'tokyo' ? 'osaka' : 'tokyo'].sync();
        const step = await crash(world.regions[name], number);
        await world.settle();
        await expectSettled(world);
        if (step === undefined) break;
        seen.add(step);
      }
      expect([...seen].toSorted()).toEqual(['acknowledge', 'adopt', 'done', 'evict', 'push', 'take']);
    },
  );

  test('and the next one too, again and again', { timeout: 180_000 }, async () => {
    for (let round = 0; round < 3; round += 1) {
      const world = await startWorld();
      for (let number = 0; number < 12; number += 1) {
        for (const name of NAMES) await crash(world.regions[name], number);
      }
      await world.settle();
      await expectSettled(world);
    }
  });
});

describe('two processes that sync one region', () => {
  test('send everything once more at worst, and agree', async () => {
    const world = await startWorld();
    const { tokyo, osaka } = world.regions;
    const syncs = [tokyo, osaka, tokyo, osaka, tokyo].map((region) => region.sync({ claimAfterMs: 0, count: 1 }));
    await Promise.all(syncs);
    await world.settle();
    await expectSettled(world);
  });
});
