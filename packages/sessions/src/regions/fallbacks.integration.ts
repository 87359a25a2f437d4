import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { RedisConnection } from '../connection.ts';
import { SHARDS, sessionKeys } from '../keys.ts';
import { until } from '../testing/topology.ts';
import { startValkey } from '../testing/valkey.ts';
import { connected, createRegion, type RegionOptions, type RegionUnderTest } from './testing/world.ts';

const servers = {
  tokyo: await startValkey(inject('valkey')),
  osaka: await startValkey(inject('valkey')),
  global: await startValkey(inject('valkey')),
};
const open = async (timeoutMs: number) => ({
  tokyo: await connected(servers.tokyo.url, timeoutMs),
  osaka: await connected(servers.osaka.url, timeoutMs),
  global: await connected(servers.global.url, timeoutMs),
});
const stores = await open(60_000);
/** For what is asked of a store that is away. */
const hasty = await open(1_000);
afterAll(async () => {
  for (const redis of [...Object.values(stores), ...Object.values(hasty)]) redis.disconnect();
  for (const server of Object.values(servers)) await server.remove();
});

const away = { code: 'redis_unavailable' };
const FAMILY = { secret: 'secret', context: '{}' };

let prefix: string;
let userId: string;
let now: number;
let tokyo: RegionUnderTest;
let osaka: RegionUnderTest;
const regionOf = (name: 'tokyo' | 'osaka', options: Partial<RegionOptions> = {}) =>
  createRegion({ name, local: stores[name], global: stores.global, prefix, clock: () => new Date(now), ...options });
beforeEach(() => {
  prefix = `test-${randomUUID()}`;
  userId = randomUUID();
  now = Date.now();
  tokyo = regionOf('tokyo');
  osaka = regionOf('osaka');
});
afterEach(heal);

/** All of them serve again, whoever asks. */
async function heal(): Promise<void> {
  for (const server of Object.values(servers)) {
    server.thaw();
    await server.start();
  }
  for (const redis of [...Object.values(stores), ...Object.values(hasty)]) {
    await until('it answers again', async () => (await redis.ping()) === 'PONG');
  }
}

const begin = (region: RegionUnderTest) => region.sessions.create({ userId, device: {} });
const waiting = async (redis: RedisConnection) => {
  const lengths = await Promise.all(SHARDS.map((shard) => redis.xlen(sessionKeys(prefix).outbox(shard))));
  return lengths.reduce((sum, length) => sum + length);
};

describe.each(['killed', 'frozen'] as const)('while the global store is %s', { timeout: 120_000 }, (how) => {
  const lose = async () => (how === 'killed' ? servers.global.kill() : servers.global.freeze());

  test('what is known here goes on, and reaches the others afterwards', async () => {
    const known = await begin(tokyo);
    await tokyo.refresh.begin(userId, known.id, FAMILY);
    await tokyo.sync();
    await lose();
    const cut = regionOf('tokyo', { global: hasty.global });
    expect(await cut.sessions.get(userId, known.id)).toEqual(known);
    now += 1_000;
    expect(await cut.sessions.touch(userId, known.id)).toMatchObject({ lastAccessedAt: now });
    now += 1_000;
    const begun = await begin(cut);
    expect((await cut.sessions.list(userId)).map(({ id }) => id)).toEqual([begun.id, known.id]);
    expect(await cut.refresh.find(userId, known.id)).toMatchObject({ generation: 0 });
    const attempt = { userId, sessionId: known.id, generation: 0, secret: FAMILY.secret };
    expect(await cut.refresh.rotate(attempt)).toMatchObject({ result: 'rotated' });
    const ended = await begin(cut);
    expect(await cut.sessions.destroy(userId, ended.id)).toEqual([ended.id]);
    expect(await cut.sessions.get(userId, ended.id)).toBeUndefined();
    await expect(cut.sync()).rejects.toMatchObject(away);
    expect(await waiting(stores.tokyo)).toBe(3);

    await heal();
    await tokyo.sync();
    expect(await waiting(stores.tokyo)).toBe(0);
    expect(await osaka.sessions.get(userId, begun.id)).toMatchObject({ id: begun.id });
    expect(await osaka.sessions.get(userId, ended.id)).toBeUndefined();
    expect(await osaka.refresh.find(userId, known.id)).toMatchObject({ generation: 1 });
  });

  test('what is not known here may live: nobody says that it does not', async () => {
    const elsewhere = await begin(osaka);
    await osaka.refresh.begin(userId, elsewhere.id, FAMILY);
    await osaka.sync();
    await lose();
    const cut = regionOf('tokyo', { global: hasty.global });
    await expect(cut.sessions.get(userId, elsewhere.id)).rejects.toMatchObject(away);
    await expect(cut.sessions.touch(userId, elsewhere.id)).rejects.toMatchObject(away);
    await expect(cut.refresh.find(userId, elsewhere.id)).rejects.toMatchObject(away);
    await expect(cut.refresh.begin(userId, elsewhere.id, FAMILY)).rejects.toMatchObject(away);
    await expect(cut.sessions.ownerOf(elsewhere.id)).rejects.toMatchObject(away);
  });

  test('what is not known here can be ended all the same', async () => {
    const { id } = await begin(osaka);
    await osaka.sync();
    await lose();
    const cut = regionOf('tokyo', { global: hasty.global });
    // Nobody can tell whether there was one.
    expect(await cut.sessions.destroy(userId, id)).toEqual([]);
    expect(await cut.sessions.get(userId, id)).toBeUndefined();
    expect(await cut.refresh.find(userId, id)).toBeUndefined();
    await heal();
    await tokyo.sync();
    await osaka.sessions.touch(userId, id);
    await osaka.sync();
    expect(await osaka.sessions.get(userId, id)).toBeUndefined();
  });

  test('nothing goes on where it must not without it, and all does afterwards', async () => {
    const strict = regionOf('tokyo', { global: hasty.global, withoutGlobal: 'refuse' });
    const { id } = await begin(tokyo);
    await tokyo.refresh.begin(userId, id, FAMILY);
    await tokyo.sync();
    await lose();
    await expect(strict.sessions.get(userId, id)).rejects.toMatchObject(away);
    await expect(strict.sessions.touch(userId, id)).rejects.toMatchObject(away);
    await expect(strict.refresh.find(userId, id)).rejects.toMatchObject(away);
    await expect(begin(strict)).rejects.toMatchObject(away);
    expect(await strict.sessions.destroy(userId, id)).toEqual([id]);
    await heal();
    await tokyo.sync();
    await until('it goes on', async () => (await begin(strict)).userId === userId);
  });
});

describe.each(['killed', 'frozen'] as const)('while the store of the region is %s', { timeout: 120_000 }, (how) => {
  const lose = async () => (how === 'killed' ? servers.tokyo.kill() : servers.tokyo.freeze());

  test('the global one serves, and what it learned is known here afterwards', async () => {
    const known = await begin(tokyo);
    await tokyo.refresh.begin(userId, known.id, FAMILY);
    const leaving = await begin(tokyo);
    await tokyo.sync();
    await lose();
    const cut = regionOf('tokyo', { local: hasty.tokyo });
    expect(await cut.sessions.get(userId, known.id)).toMatchObject({ id: known.id, region: 'tokyo' });
    // The store that is away may know it.
    await expect(cut.sessions.get(userId, randomUUID())).rejects.toMatchObject(away);
    expect(await cut.sessions.touch(userId, known.id)).toMatchObject({ id: known.id });
    expect(cut.lookups).toEqual(['global', 'global']);
    expect(await cut.sessions.ownerOf(known.id)).toBe(userId);
    const begun = await begin(cut);
    expect(await cut.refresh.begin(userId, begun.id, FAMILY)).toBe(true);
    const attempt = { userId, sessionId: known.id, generation: 0, secret: FAMILY.secret };
    expect(await cut.refresh.find(userId, known.id)).toMatchObject({ generation: 0 });
    expect(await cut.refresh.rotate(attempt)).toMatchObject({ result: 'rotated' });
    expect(await cut.sessions.destroy(userId, leaving.id)).toEqual([leaving.id]);
    const ids = [known.id, begun.id].toSorted();
    expect((await cut.sessions.list(userId)).map(({ id }) => id).toSorted()).toEqual(ids);
    expect((await osaka.sessions.list(userId)).map(({ id }) => id).toSorted()).toEqual(ids);

    await heal();
    expect(await tokyo.sessions.get(userId, begun.id)).toMatchObject({ id: begun.id });
    expect(await tokyo.refresh.find(userId, known.id)).toMatchObject({ generation: 1 });
    expect((await tokyo.sessions.list(userId)).map(({ id }) => id).toSorted()).toEqual(ids);
    await tokyo.sessions.touch(userId, leaving.id);
    await tokyo.sync();
    expect(await tokyo.sessions.get(userId, leaving.id)).toBeUndefined();
  });

  test('nothing goes on where it must not without it', async () => {
    const strict = regionOf('tokyo', { local: hasty.tokyo, withoutLocal: 'refuse' });
    const { id } = await begin(tokyo);
    await tokyo.refresh.begin(userId, id, FAMILY);
    await tokyo.sync();
    await lose();
    await expect(strict.sessions.get(userId, id)).rejects.toMatchObject(away);
    await expect(strict.sessions.list(userId)).rejects.toMatchObject(away);
    await expect(strict.refresh.find(userId, id)).rejects.toMatchObject(away);
    await expect(begin(strict)).rejects.toMatchObject(away);
  });
});

describe('while both are away', () => {
  test('nothing is answered, in bounded time', { timeout: 120_000 }, async () => {
    const { id } = await begin(tokyo);
    await servers.tokyo.kill();
    servers.global.freeze();
    const cut = regionOf('tokyo', { local: hasty.tokyo, global: hasty.global });
    await expect(cut.sessions.get(userId, id)).rejects.toMatchObject(away);
    await expect(cut.sessions.list(userId)).rejects.toMatchObject(away);
    await expect(cut.sessions.destroy(userId, id)).rejects.toMatchObject(away);
    await expect(begin(cut)).rejects.toMatchObject(away);
  });
});

describe('a long partition', () => {
  test('keeps one entry of each session that changed, however often', { timeout: 180_000 }, async () => {
    const sessions = [];
    for (let count = 0; count < 100; count += 1) {
      sessions.push(await tokyo.sessions.create({ userId: randomUUID(), device: {} }));
    }
    await tokyo.sync();
    await servers.global.kill();
    const cut = regionOf('tokyo', { global: hasty.global });
    for (let round = 0; round < 100; round += 1) {
      now += 1_000;
      await Promise.all(sessions.map(({ userId: of, id }) => cut.sessions.touch(of, id)));
      if (round % 25 === 0) await expect(cut.sync()).rejects.toMatchObject(away);
    }
    expect(await waiting(stores.tokyo)).toBe(100);
    await heal();
    await tokyo.sync();
    expect(await waiting(stores.tokyo)).toBe(0);
    for (const { userId: of, id } of sessions) {
      expect(await osaka.sessions.get(of, id)).toMatchObject({ id });
    }
  });
});
