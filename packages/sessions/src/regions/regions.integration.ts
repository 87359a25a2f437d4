import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type SessionKeys, sessionKeys } from '../keys.ts';
import { connected, createRegion, type RegionUnderTest } from './testing/world.ts';

const database = (number: number) => connected(`${inject('redisUrl')}/${number}`);
const stores = { tokyo: await database(1), osaka: await database(2) };
const global = await database(3);
afterAll(() => {
  for (const redis of [stores.tokyo, stores.osaka, global]) redis.disconnect();
});

const MINUTE = 60_000;
/** Far more than a test takes, by the clock of Redis. */
const GRACE_MS = 10 * MINUTE;
/** The clocks of regions differ, and neither is that of Redis. */
const SKEW = { tokyo: 4 * MINUTE, osaka: -3 * MINUTE };

let passed = 0;
const clockOf = (name: 'tokyo' | 'osaka') => () => new Date(started + passed + SKEW[name]);
const started = Date.now();

/** For what rests in the global store as well, whose own clock nobody can move. */
async function elapse(ms: number, sessionId: string): Promise<void> {
  passed += ms;
  const key = keys.session(userId, sessionId);
  const fields = await global.hgetall(key);
  for (const name of ['createdAt', 'lastAccessedAt', 'expiresAt', 'refreshRotatedAt', 'refreshReplayed']) {
    if (Number(fields[name]) > 0) await global.hincrby(key, name, -ms);
  }
}

let prefix: string;
let keys: SessionKeys;
let userId: string;
let tokyo: RegionUnderTest;
let osaka: RegionUnderTest;
beforeEach(() => {
  prefix = `test-${randomUUID()}`;
  keys = sessionKeys(prefix);
  userId = randomUUID();
  const of = (name: 'tokyo' | 'osaka') =>
    createRegion({ name, local: stores[name], global, prefix, clock: clockOf(name), maxPerUser: 3, graceMs: GRACE_MS });
  tokyo = of('tokyo');
  osaka = of('osaka');
});

const begin = (region: RegionUnderTest) =>
  region.sessions.create({ userId, device: { userAgent: 'Firefox' }, ip: '192.0.2.1', clientId: 'shop' });
const settle = async () => {
  await tokyo.sync();
  await osaka.sync();
};

describe('a session of one region', () => {
  test('is known in the other one: asked for once at the global store, and then known there', async () => {
    const session = await begin(tokyo);
    expect(session).toMatchObject({ region: 'tokyo' });
    expect(await osaka.sessions.get(userId, session.id)).toBeUndefined();
    await tokyo.sync();
    const { createdAt, lastAccessedAt, expiresAt, ...facts } = session;
    expect(await osaka.sessions.get(userId, session.id)).toMatchObject(facts);
    expect(await osaka.sessions.get(userId, session.id)).toMatchObject(facts);
    expect(osaka.lookups).toEqual(['nowhere', 'global', 'local']);
    expect(await osaka.sessions.ownerOf(session.id)).toBe(userId);
    expect(await stores.osaka.get(keys.owner(session.id))).toBe(userId);
  });

  test('has its times by the clock of who asks', async () => {
    const { id, expiresAt, lastAccessedAt } = await begin(tokyo);
    await tokyo.sync();
    const there = await osaka.sessions.get(userId, id);
    const apart = SKEW.tokyo - SKEW.osaka;
    // Less what the way took, which is never more than this test.
    expect((there?.lastAccessedAt ?? 0) + apart - lastAccessedAt).toBeLessThan(MINUTE);
    expect((there?.expiresAt ?? 0) - (there?.lastAccessedAt ?? 0)).toBe(expiresAt - lastAccessedAt);
  });

  test('is found by its id alone as soon as the global store knows it', async () => {
    const { id } = await begin(tokyo);
    expect(await osaka.sessions.ownerOf(id)).toBeUndefined();
    await tokyo.sync();
    expect(await osaka.sessions.ownerOf(id)).toBe(userId);
  });

  test('is prolonged by who uses it, wherever that is', async () => {
    const { id } = await begin(tokyo);
    await tokyo.sync();
    passed += 5 * MINUTE;
    const touched = await osaka.sessions.touch(userId, id);
    expect(touched?.lastAccessedAt).toBe(clockOf('osaka')().getTime());
    await osaka.sync();
    passed += MINUTE;
    await tokyo.sessions.touch(userId, id);
    await tokyo.sync();
    const [listed] = await osaka.sessions.list(userId);
    expect(listed?.lastAccessedAt).toBeGreaterThan(touched?.lastAccessedAt ?? Number.NaN);
  });

  test('ends everywhere, whoever ends it and whoever uses it meanwhile', async () => {
    const { id } = await begin(tokyo);
    await tokyo.sync();
    await osaka.sessions.touch(userId, id);
    expect(await tokyo.sessions.destroy(userId, id)).toEqual([id]);
    expect(await tokyo.sessions.get(userId, id)).toBeUndefined();
    await tokyo.sync();
    expect(await tokyo.sessions.ownerOf(id)).toBeUndefined();
    await osaka.sync();
    expect(osaka.pushes).toEqual(['ended']);
    expect(await osaka.sessions.get(userId, id)).toBeUndefined();
    expect(await osaka.sessions.touch(userId, id)).toBeUndefined();
    expect(await tokyo.sessions.touch(userId, id)).toBeUndefined();
    await settle();
    for (const region of [tokyo, osaka]) expect(await region.sessions.list(userId)).toEqual([]);
    expect(await global.hkeys(keys.session(userId, id))).toEqual(['endedAt']);
    expect(await global.zcard(keys.ofUser(userId))).toBe(0);
    expect(await tokyo.sessions.destroy(userId, id)).toEqual([]);
  });

  test('can be ended by a region that never saw it', async () => {
    const { id } = await begin(tokyo);
    await tokyo.sync();
    expect(await osaka.sessions.destroy(userId, id)).toEqual([id]);
    await osaka.sync();
    await tokyo.sessions.touch(userId, id);
    await tokyo.sync();
    expect(tokyo.pushes).toEqual(['sent', 'ended']);
    expect(await tokyo.sessions.get(userId, id)).toBeUndefined();
  });

  test('that was ended does not come back from a region that had not heard of it', async () => {
    const { id } = await begin(tokyo);
    await tokyo.sessions.destroy(userId, id);
    await tokyo.sync();
    expect(await osaka.sessions.get(userId, id)).toBeUndefined();
    expect(osaka.lookups).toEqual(['global']);
    expect(await osaka.sessions.touch(userId, id)).toBeUndefined();
  });

  test('waits once, however often it changes', async () => {
    const { id } = await begin(tokyo);
    const outbox = keys.outboxOf(userId);
    const before = await stores.tokyo.xlen(outbox);
    for (let use = 0; use < 50; use += 1) await tokyo.sessions.touch(userId, id);
    expect(await stores.tokyo.xlen(outbox)).toBe(before);
    await tokyo.sync();
    expect(await stores.tokyo.xlen(outbox)).toBe(0);
    expect(await stores.tokyo.hget(keys.session(userId, id), 'queued')).toBeNull();
    expect(tokyo.pushes).toEqual(['sent']);
  });

  test('that changes while it is sent is sent again', async () => {
    const { id } = await begin(tokyo);
    let changes = 3;
    await tokyo.sync({
      async before(step) {
        if (step !== 'acknowledge' || changes === 0) return;
        changes -= 1;
        passed += MINUTE;
        await tokyo.sessions.touch(userId, id);
      },
    });
    expect(tokyo.pushes).toEqual(['sent', 'sent', 'sent', 'sent']);
    const there = await osaka.sessions.get(userId, id);
    const here = await tokyo.sessions.get(userId, id);
    const apart = SKEW.tokyo - SKEW.osaka;
    expect(Math.abs((there?.lastAccessedAt ?? 0) + apart - (here?.lastAccessedAt ?? 0))).toBeLessThan(MINUTE);
  });
});

describe('the sessions of a user', () => {
  test('are listed as both stores together know them, the latest access first', async () => {
    const [first, second] = [await begin(tokyo), await begin(osaka)];
    passed += MINUTE;
    await settle();
    const third = await begin(tokyo);
    for (const region of [tokyo, osaka]) {
      const listed = (await region.sessions.list(userId)).map(({ id }) => id);
      expect(listed.toSorted()).toEqual([first.id, second.id, ...(region === tokyo ? [third.id] : [])].toSorted());
    }
    expect((await tokyo.sessions.list(userId))[0]).toMatchObject({ id: third.id });
  });

  test('are not listed once one of the stores knows that they ended', async () => {
    const { id } = await begin(tokyo);
    await tokyo.sync();
    await osaka.sessions.get(userId, id);
    await tokyo.sessions.destroy(userId, id);
    // Still alive at the global store, and in the other region.
    expect(await tokyo.sessions.list(userId)).toEqual([]);
    await tokyo.sync();
    expect(await osaka.sessions.list(userId)).toEqual([]);
  });

  test('are no more than the bound, those of all regions together: the one used least recently ends', async () => {
    const ids = [];
    for (const region of [tokyo, osaka, tokyo, osaka]) {
      ids.push((await begin(region)).id);
      passed += MINUTE;
      await region.sync();
    }
    expect(osaka.evicted.map(({ id, clientId }) => [id, clientId])).toContainEqual([ids[0], 'shop']);
    await settle();
    for (const region of [tokyo, osaka]) {
      expect((await region.sessions.list(userId)).map(({ id }) => id).toSorted()).toEqual(ids.slice(1).toSorted());
    }
  });
});

describe('the refresh tokens of a session', () => {
  const family = { secret: 'secret', context: '{}' };
  const beginFamily = async () => {
    const { id } = await begin(tokyo);
    await tokyo.refresh.begin(userId, id, family);
    await tokyo.sync();
    return id;
  };
  const use = async (region: RegionUnderTest, sessionId: string, generation: number) => {
    const found = await region.refresh.find(userId, sessionId);
    const secret = found?.secret ?? '';
    return region.refresh.rotate({ userId, sessionId, generation, secret });
  };

  test('follow one another, in whichever region each is used', async () => {
    const id = await beginFamily();
    for (const [generation, region] of [osaka, tokyo, osaka, osaka, tokyo].entries()) {
      expect(await use(region, id, generation)).toMatchObject({ result: 'rotated', generation: generation + 1 });
      await region.sync();
    }
  });

  test('have one successor when one is used in both regions within moments', async () => {
    const id = await beginFamily();
    expect(await use(osaka, id, 0)).toMatchObject({ result: 'rotated', generation: 1 });
    await osaka.sync();
    expect(await use(tokyo, id, 0)).toMatchObject({ result: 'repeated', generation: 1 });
  });

  test('are over everywhere when one is used again elsewhere, whatever the clocks say', async () => {
    for (const [first, second] of [
      [tokyo, osaka],
      [osaka, tokyo],
    ] as const) {
      const id = await beginFamily();
      await use(first, id, 0);
      await first.sync();
      await elapse(2 * GRACE_MS, id);
      expect(await use(second, id, 0)).toEqual({ result: 'replayed' });
      await second.sync();
      expect(await use(first, id, 1)).toEqual({ result: 'replayed' });
    }
  });

  test('of an earlier family are worth nothing in any region', async () => {
    const id = await beginFamily();
    await use(osaka, id, 0);
    await osaka.sync();
    await tokyo.refresh.begin(userId, id, { secret: 'a later one', context: '{}' });
    await settle();
    expect(await osaka.refresh.find(userId, id)).toMatchObject({ secret: 'a later one', generation: 0 });
    const earlier = { userId, sessionId: id, generation: 1, secret: family.secret };
    expect(await osaka.refresh.rotate(earlier)).toEqual({ result: 'ended' });
  });

  test('can be begun in a region that does not know the session yet', async () => {
    const { id } = await begin(tokyo);
    await tokyo.sync();
    expect(await osaka.refresh.begin(userId, id, family)).toBe(true);
    expect(await osaka.refresh.begin(userId, randomUUID(), family)).toBe(false);
  });
});
