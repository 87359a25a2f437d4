import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { sessionKeys } from '../keys.ts';
import { until } from '../testing/waiting.ts';
import { startTwoRegions, type TwoRegions } from './testing/two-regions.ts';
import { FAMILY, waitingIn } from './testing/world.ts';

const regions = await startTwoRegions(inject('valkey'));
afterAll(regions.close);

let world: TwoRegions;
beforeEach(() => {
  world = regions.create();
});
afterEach(regions.heal);

const away = { code: 'redis_unavailable' };

describe.each(['killed', 'frozen'] as const)('while the global store is %s', { timeout: 120_000 }, (how) => {
  const server = regions.servers.global;
  const lose = async () => (how === 'killed' ? server.kill() : server.freeze());

  test('what is known here goes on, and reaches the others afterwards', async () => {
    const { stores, hasty, prefix, userId, time, tokyo, osaka, regionOf, begin, heal } = world;
    const known = await begin(tokyo);
    await tokyo.refresh.begin(userId, known.id, FAMILY);
    await tokyo.sync();
    await lose();
    const cut = regionOf('tokyo', { global: hasty.global });
    expect(await cut.sessions.get(userId, known.id)).toEqual(known);
    time.now += 1_000;
    expect(await cut.sessions.touch(userId, known.id)).toMatchObject({ lastAccessedAt: time.now });
    time.now += 1_000;
    const begun = await begin(cut);
    expect((await cut.sessions.list(userId)).map(({ id }) => id)).toEqual([begun.id, known.id]);
    expect(await cut.refresh.find(userId, known.id)).toMatchObject({ generation: 0 });
    const attempt = { userId, sessionId: known.id, generation: 0, secret: FAMILY.secret };
    expect(await cut.refresh.rotate(attempt)).toMatchObject({ result: 'rotated' });
    const ended = await begin(cut);
    expect(await cut.sessions.destroy(userId, ended.id)).toEqual([ended.id]);
    expect(await cut.sessions.get(userId, ended.id)).toBeUndefined();
    await expect(cut.sync()).rejects.toMatchObject(away);
    expect(await waitingIn(stores.tokyo, prefix)).toBe(3);

    await heal();
    await tokyo.sync();
    expect(await waitingIn(stores.tokyo, prefix)).toBe(0);
    expect(await osaka.sessions.get(userId, begun.id)).toMatchObject({ id: begun.id });
    expect(await osaka.sessions.get(userId, ended.id)).toBeUndefined();
    expect(await osaka.refresh.find(userId, known.id)).toMatchObject({ generation: 1 });
  });

  test('what is not known here may live: nobody says that it does not', async () => {
    const { hasty, userId, osaka, regionOf, begin } = world;
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
    const { hasty, userId, tokyo, osaka, regionOf, begin, heal } = world;
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
    const { hasty, userId, tokyo, regionOf, begin, heal } = world;
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
  const server = regions.servers.tokyo;
  const lose = async () => (how === 'killed' ? server.kill() : server.freeze());

  test('the global one serves, and what it learned is known here afterwards', async () => {
    const { hasty, userId, tokyo, osaka, regionOf, begin, heal } = world;
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

  const GRACE_MS = 300_000;
  const SKEW_MS = 600_000;

  test.each([
    { skewMs: SKEW_MS, ageMs: 0, result: 'repeated' },
    { skewMs: -SKEW_MS, ageMs: 2 * GRACE_MS, result: 'replayed' },
  ])(
    'by a clock that is $skewMs ms ahead a token that was used $ageMs ms ago elsewhere is $result',
    async ({ skewMs, ageMs, result }) => {
      const { stores, hasty, prefix, userId, time, osaka, regionOf, begin } = world;
      const { id } = await begin(osaka);
      await osaka.refresh.begin(userId, id, FAMILY);
      const attempt = { userId, sessionId: id, generation: 0, secret: FAMILY.secret };
      expect(await osaka.refresh.rotate(attempt)).toMatchObject({ result: 'rotated' });
      await osaka.sync();
      await stores.global.hincrby(sessionKeys(prefix).session(userId, id), 'refreshRotatedAt', -ageMs);
      await lose();
      const clock = () => new Date(time.now + skewMs);
      const cut = regionOf('tokyo', { local: hasty.tokyo, clock, graceMs: GRACE_MS });
      expect(await cut.refresh.rotate(attempt)).toMatchObject({ result });
    },
  );

  test('what begins is no older and no younger in the global one than it is', async () => {
    const { stores, hasty, prefix, userId, time, regionOf, begin } = world;
    await lose();
    const cut = regionOf('tokyo', { local: hasty.tokyo, clock: () => new Date(time.now + SKEW_MS) });
    const { id } = await begin(cut);
    const { createdAt } = await stores.global.hgetall(sessionKeys(prefix).session(userId, id));
    expect(Number(createdAt)).toBeGreaterThanOrEqual(time.now - 1_000);
    expect(Number(createdAt)).toBeLessThan(time.now + SKEW_MS / 2);
  });

  test('who ends all sessions of a user is told that it may know more of them, also by their ids', async () => {
    const { hasty, userId, tokyo, regionOf, begin } = world;
    const told = await begin(tokyo);
    await tokyo.sync();
    const untold = await begin(tokyo);
    const all = await tokyo.sessions.listToEnd(userId);
    expect(all.sessions.map(({ id }) => id).toSorted()).toEqual([told.id, untold.id].toSorted());
    expect(all.away).toBeUndefined();
    await lose();
    const cut = regionOf('tokyo', { local: hasty.tokyo });
    const { sessions, away: cause } = await cut.sessions.listToEnd(userId);
    expect(sessions.map(({ id }) => id)).toEqual([told.id]);
    expect(cause).toMatchObject(away);
    expect(await cut.sessions.ownerOf(told.id)).toBe(userId);
    await expect(cut.sessions.ownerOf(untold.id)).rejects.toMatchObject(away);
  });

  test('nothing goes on where it must not without it', async () => {
    const { hasty, userId, tokyo, regionOf, begin } = world;
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
    const { servers, hasty, userId, tokyo, regionOf, begin } = world;
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
