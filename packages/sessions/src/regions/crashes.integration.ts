import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { SHARDS, sessionKeys } from '../keys.ts';
import { SYNC_STEPS, type SyncStep } from './sync-turn.ts';
import { connected, createRegion, FAMILY, type RegionUnderTest } from './testing/world.ts';

const database = (number: number) => connected(`${inject('redisUrl')}/${number}`);
const stores = { tokyo: await database(4), osaka: await database(5), global: await database(6) };
afterAll(() => {
  for (const redis of Object.values(stores)) redis.disconnect();
});

type Name = 'tokyo' | 'osaka';
const NAMES = ['tokyo', 'osaka'] as const;
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
    for (const region of [tokyo, osaka, tokyo]) await region.sync();
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

/** Ends a sync right before it comes to a step for that time. @returns whether it came so far */
async function crash(region: RegionUnderTest, step: SyncStep, time: number): Promise<boolean> {
  let times = 0;
  let crashed = false;
  const before = (next: SyncStep) => {
    if (next === step) times += 1;
    crashed ||= times === time;
    // The dead do nothing more.
    if (crashed) throw new Error('crashed');
  };
  await region.sync({ before, count: 2 }).catch((error: Error) => expect(error.message).toBe('crashed'));
  return crashed;
}

/** Of the same step: each is another state that is left behind. */
const MOST = 4;

describe('a process that ends before any step of the sync', () => {
  test.each(NAMES.flatMap((name) => SYNC_STEPS.map((step) => [step, name] as const)))(
    '(%s, in %s) loses nothing and doubles nothing: the next one goes on',
    async (step, name) => {
      for (let time = 1; time <= MOST; time += 1) {
        const world = await startWorld();
        await world.regions[name === 'tokyo' ? 'osaka' : 'tokyo'].sync();
        const crashed = await crash(world.regions[name], step, time);
        await world.settle();
        await expectSettled(world);
        if (time === 1) expect(crashed).toBe(true);
        if (!crashed) break;
      }
    },
  );

  test('loses nothing either when the next ones end too, again and again', async () => {
    const world = await startWorld();
    for (const step of SYNC_STEPS) {
      for (const name of NAMES) await crash(world.regions[name], step, 1);
    }
    await world.settle();
    await expectSettled(world);
  });
});

describe('two processes that sync one region', () => {
  test('send everything once more at worst, and agree', async () => {
    const world = await startWorld();
    const { tokyo, osaka } = world.regions;
    const syncs = [tokyo, osaka, tokyo, osaka, tokyo].map((region) => region.sync({ count: 1 }));
    await Promise.all(syncs);
    await world.settle();
    await expectSettled(world);
  });
});
