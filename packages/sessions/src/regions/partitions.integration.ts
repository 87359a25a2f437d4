import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { sessionKeys } from '../keys.ts';
import { startTwoRegions, type TwoRegions } from './testing/two-regions.ts';
import { waitingIn } from './testing/world.ts';

const regions = await startTwoRegions(inject('valkey'));
afterAll(regions.close);

let world: TwoRegions;
beforeEach(() => {
  world = regions.create();
});
afterEach(regions.heal);

const away = { code: 'redis_unavailable' };

describe('a long partition', () => {
  const DAY = 24 * 60 * 60_000;
  /** What is done to Redis' clock, which nobody can move: whatever would have expired by then does. */
  async function elapse(ms: number): Promise<void> {
    const { stores, prefix, time } = world;
    time.now += ms;
    for (const redis of Object.values(stores)) {
      for (const key of await redis.keys(`${prefix}:*`)) {
        const left = await redis.pttl(key);
        if (left >= 0) await redis.pexpire(key, left - ms);
      }
    }
    for (const key of await stores.global.keys(`${prefix}:*:session:*`)) {
      if ((await stores.global.hexists(key, 'expiresAt')) === 0) continue;
      for (const name of ['createdAt', 'lastAccessedAt', 'expiresAt']) await stores.global.hincrby(key, name, -ms);
    }
  }

  test('brings back no session that ended elsewhere, though all that told of it has expired', {
    timeout: 120_000,
  }, async () => {
    const { stores, prefix, userId, tokyo, regionOf, begin } = world;
    const revocations = { check: () => undefined, regions: () => [], behindMs: 0 };
    const cut = regionOf('osaka', { revocations });
    const { id } = await begin(tokyo);
    await tokyo.sync();
    expect(await cut.sessions.get(userId, id)).toMatchObject({ id });
    // From now on osaka is cut off: it sends nothing, and hears nothing.
    await tokyo.sessions.destroy(userId, id);
    await tokyo.sync();
    const begun = await begin(cut);
    for (let day = 1; day <= 8; day += 1) {
      await elapse(DAY);
      revocations.behindMs += DAY;
      for (const session of [id, begun.id]) await cut.sessions.touch(userId, session);
    }
    expect(await stores.global.exists(sessionKeys(prefix).session(userId, id))).toBe(0);
    revocations.behindMs = 0;
    expect(await cut.sessions.get(userId, id)).toBeUndefined();
    await cut.sync();
    expect(await tokyo.sessions.get(userId, id)).toBeUndefined();
    expect(await stores.global.exists(sessionKeys(prefix).session(userId, id))).toBe(0);
  });

  test('lets nobody in for longer than a session lives, and no session end before', { timeout: 120_000 }, async () => {
    const { userId, time, regionOf, begin } = world;
    const revocations = { check: () => undefined, regions: () => [], behindMs: 0 };
    const cut = regionOf('osaka', { revocations });
    const before = await begin(cut);
    revocations.behindMs = Number.POSITIVE_INFINITY;
    const lives = (session: { readonly id: string }) => cut.sessions.touch(userId, session.id);
    await elapse(4 * DAY);
    const during = await begin(cut);
    await elapse(2 * DAY);
    expect(await lives(before)).toMatchObject({ id: before.id, expiresAt: before.expiresAt });
    await elapse(1.5 * DAY);
    expect(await lives(before)).toBeUndefined();
    expect(await lives(during)).toMatchObject({ expiresAt: during.expiresAt });
    // Heard of again: from then on it is prolonged as ever.
    revocations.behindMs = 0;
    expect(await lives(during)).toMatchObject({ expiresAt: time.now + 7 * DAY });
  });

  test('keeps one entry of each session that changed, however often', { timeout: 180_000 }, async () => {
    const { servers, stores, hasty, prefix, time, tokyo, osaka, regionOf, heal } = world;
    const sessions = [];
    for (let count = 0; count < 100; count += 1) {
      sessions.push(await tokyo.sessions.create({ userId: randomUUID(), device: {} }));
    }
    await tokyo.sync();
    await servers.global.kill();
    const cut = regionOf('tokyo', { global: hasty.global });
    for (let round = 0; round < 100; round += 1) {
      time.now += 1_000;
      await Promise.all(sessions.map(({ userId: of, id }) => cut.sessions.touch(of, id)));
      if (round % 25 === 0) await expect(cut.sync()).rejects.toMatchObject(away);
    }
    expect(await waitingIn(stores.tokyo, prefix)).toBe(100);
    await heal();
    await tokyo.sync();
    expect(await waitingIn(stores.tokyo, prefix)).toBe(0);
    for (const { userId: of, id } of sessions) {
      expect(await osaka.sessions.get(of, id)).toMatchObject({ id });
    }
  });
});
