import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { sessionKeys } from './keys.ts';
import { createSessionStore } from './open-store.ts';
import type { EndedSession } from './session.ts';
import { connected } from './testing/connected.ts';

const redis = await connected(inject('redisUrl'));
const prefix = `test-${randomUUID()}`;
const keys = sessionKeys(prefix);
const MINUTE = 60_000;
/** Far more than a test takes, by the clock of Redis. */
const TTL_MS = 60 * MINUTE;

let now = Date.now();
let userId: string;
const from = (ip = '192.0.2.1') => ({ userId, ip, device: { userAgent: 'Firefox', language: 'ja' } });
const sessions = createSessionStore({
  redis,
  prefix,
  clock: () => new Date(now),
  newId: () => randomUUID(),
  ttlMs: TTL_MS,
  maxPerUser: 3,
});

beforeEach(() => {
  userId = randomUUID();
  now = Date.now();
});
afterAll(() => redis.disconnect());

describe('sessions in Redis', () => {
  test('are created with a sliding expiry on each of their keys', async () => {
    const session = await sessions.create(from());
    expect(session).toMatchObject({ ...from(), createdAt: now, lastAccessedAt: now, expiresAt: now + TTL_MS });
    expect(await sessions.get(userId, session.id)).toEqual(session);
    expect(await sessions.ownerOf(session.id)).toBe(userId);
    for (const key of [keys.ofUser(userId), keys.session(userId, session.id), keys.owner(session.id)]) {
      expect(await redis.pttl(key)).toBeGreaterThan(TTL_MS - 5 * MINUTE);
    }
  });

  test('are prolonged by a touch', async () => {
    const { id } = await sessions.create(from());
    await redis.pexpire(keys.session(userId, id), TTL_MS / 2);
    now += 5 * MINUTE;
    expect(await sessions.touch(userId, id)).toMatchObject({ lastAccessedAt: now, expiresAt: now + TTL_MS });
    expect(await redis.pttl(keys.session(userId, id))).toBeGreaterThan(TTL_MS - 5 * MINUTE);
  });

  test('are touched in one round trip, but for the rare one that prolongs the index too', async () => {
    const commands: string[] = [];
    const counting = new Proxy(redis, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          commands.push(String(name));
          return Reflect.apply(member, target, args);
        };
      },
    });
    const counted = createSessionStore({
      redis: counting,
      prefix,
      clock: () => new Date(now),
      newId: randomUUID,
      ttlMs: TTL_MS,
    });
    const { id } = await sessions.create(from());
    await sessions.touch(userId, id);
    for (let access = 0; access < 8; access += 1) {
      now += MINUTE;
      await counted.touch(userId, id);
    }
    expect(commands).toEqual(Array(8).fill('evalsha'));
    now += MINUTE;
    await counted.touch(userId, id);
    // The last is one more when Redis does not know its script yet.
    expect(commands.splice(0).slice(8, 11)).toEqual(['evalsha', 'set', 'evalsha']);
    await counted.touch(userId, id);
    expect(commands).toEqual(['evalsha']);
  });

  test('can be found by their id as long as they live, however often they are touched', async () => {
    const { id } = await sessions.create(from());
    for (let access = 0; access < 12; access += 1) {
      now += 4 * MINUTE;
      const session = await sessions.touch(userId, id);
      const index = now + (await redis.pttl(keys.owner(id)));
      // The clock of the test runs ahead of that of Redis, which the index expires by.
      expect(index).toBeGreaterThanOrEqual((session?.expiresAt ?? 0) - MINUTE);
      if (access % 3 === 0) await redis.pexpire(keys.owner(id), (await redis.pttl(keys.owner(id))) - 4 * MINUTE);
    }
  });

  test('end several at once', async () => {
    const ids = [];
    for (let count = 0; count < 3; count += 1) ids.push((await sessions.create(from())).id);
    const [kept = '', ...others] = ids;
    expect((await sessions.destroy(userId, ...others, randomUUID())).toSorted()).toEqual(others.toSorted());
    expect((await sessions.list(userId)).map(({ id }) => id)).toEqual([kept]);
    expect(await sessions.destroy(userId, ...ids)).toEqual([kept]);
    expect(await sessions.destroy(userId, ...ids)).toEqual([]);
    expect(await sessions.destroy(userId)).toEqual([]);
    for (const id of ids) {
      expect(await sessions.ownerOf(id)).toBeUndefined();
      expect(await sessions.touch(userId, id)).toBeUndefined();
    }
  });

  test('are in the list or ended, never in between, when 100 are created and ended at once', async () => {
    const many = createSessionStore({ redis, prefix, clock: () => new Date(now), newId: randomUUID, maxPerUser: 200 });
    const created: string[] = [];
    const destroyed: string[] = [];
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        created.push((await many.create(from())).id);
        if (index % 10 === 0) {
          const listed = await many.list(userId);
          destroyed.push(...(await many.destroy(userId, ...listed.map(({ id }) => id))));
        }
      }),
    );
    const left = (await many.list(userId)).map(({ id }) => id);
    expect(new Set(destroyed).size).toBe(destroyed.length);
    expect([...left, ...destroyed].toSorted()).toEqual(created.toSorted());
    for (const id of left) expect(await many.get(userId, id)).toBeDefined();
  });

  test('that have to go for a new one are handed over alive, again and again until somebody ended them', async () => {
    const handedOver: (readonly [string, readonly EndedSession[]])[] = [];
    let fails = true;
    const one = createSessionStore({
      redis,
      prefix,
      clock: () => new Date(now),
      newId: randomUUID,
      maxPerUser: 1,
      async evict(owner, ended) {
        handedOver.push([owner, ended]);
        for (const { id } of ended) expect(await sessions.get(owner, id)).toBeDefined();
        if (fails) throw new Error('away');
        await sessions.destroy(owner, ...ended.map(({ id }) => id));
      },
    });
    const first = await one.create({ ...from(), clientId: 'shop' });
    expect(handedOver).toEqual([]);
    now += 1_000;
    await expect(one.create(from())).rejects.toThrow('away');
    expect(handedOver).toEqual([[userId, [{ id: first.id, userId, clientId: 'shop' }]]]);
    fails = false;
    now += 1_000;
    const { id } = await one.create(from());
    expect(handedOver[1]).toEqual(handedOver[0]);
    expect((await one.list(userId)).map((session) => session.id)).toEqual([id]);
  });

  test('leave nothing behind when no room could be made for them', async () => {
    const one = createSessionStore({
      redis,
      prefix,
      clock: () => new Date(now),
      newId: randomUUID,
      maxPerUser: 1,
      evict: async () => Promise.reject(new Error('away')),
    });
    const { id } = await one.create(from());
    for (let count = 0; count < 3; count += 1) await expect(one.create(from())).rejects.toThrow('away');
    expect((await one.list(userId)).map((session) => session.id)).toEqual([id]);
  });

  test('keep the client that they were opened for, if it can be one', async () => {
    const { id } = await sessions.create({ ...from(), clientId: 'shop' });
    expect(await sessions.get(userId, id)).toMatchObject({ clientId: 'shop' });
    expect(await sessions.touch(userId, id)).toMatchObject({ clientId: 'shop' });
    const odd = sessions.create({ ...from(), clientId: 'a b' });
    await expect(odd).rejects.toMatchObject({ code: 'session_invalid' });
  });

  test('do not move back in time when another replica is behind', async () => {
    const { id, lastAccessedAt } = await sessions.create(from());
    now -= 5_000;
    expect(await sessions.touch(userId, id)).toMatchObject({ lastAccessedAt });
  });

  test('are over when their time has passed, whatever Redis still holds', async () => {
    const { id } = await sessions.create(from());
    now += TTL_MS;
    expect(await sessions.get(userId, id)).toBeUndefined();
    expect(await sessions.list(userId)).toEqual([]);
    expect(await sessions.touch(userId, id)).toBeUndefined();
    expect(await redis.exists(keys.session(userId, id))).toBe(0);
  });

  test('end for good when destroyed: a touch does not bring one back', async () => {
    const { id } = await sessions.create(from());
    expect(await sessions.destroy(userId, id)).toEqual([id]);
    expect(await sessions.touch(userId, id)).toBeUndefined();
    expect(await sessions.get(userId, id)).toBeUndefined();
    expect(await sessions.ownerOf(id)).toBeUndefined();
    expect(await sessions.destroy(userId, id)).toEqual([]);
    expect(await redis.zcard(keys.ofUser(userId))).toBe(0);
  });

  test('cannot be ended, nor made impossible to find, in the name of another user', async () => {
    const { id } = await sessions.create(from());
    expect(await sessions.destroy(randomUUID(), id)).toEqual([]);
    expect(await sessions.get(userId, id)).toBeDefined();
    expect(await sessions.ownerOf(id)).toBe(userId);
  });

  test('are listed by the latest access, of one user only', async () => {
    const first = await sessions.create(from());
    now += 1_000;
    const second = await sessions.create(from());
    now += 1_000;
    await sessions.touch(userId, first.id);
    await sessions.create({ ...from(), userId: randomUUID() });
    expect((await sessions.list(userId)).map((session) => session.id)).toEqual([first.id, second.id]);
  });

  test('are no more than the bound: the one used least recently ends', async () => {
    const created = [];
    for (let count = 0; count < 5; count += 1) {
      now += 1_000;
      created.push(await sessions.create(from()));
    }
    const ids = created.map((session) => session.id);
    expect((await sessions.list(userId)).map((session) => session.id)).toEqual(ids.slice(2).reverse());
    expect(await sessions.ownerOf(ids[0] ?? '')).toBeUndefined();
    expect(await redis.exists(keys.session(userId, ids[1] ?? ''))).toBe(0);
  });

  test('stay within the bound when many are created at once, and a new one is never the one to go', async () => {
    const created = await Promise.all(Array.from({ length: 10 }, () => sessions.create(from())));
    now -= 10_000;
    const late = await sessions.create(from());
    const listed = (await sessions.list(userId)).map((session) => session.id);
    expect(listed).toHaveLength(3);
    expect(listed).toContain(late.id);
    expect(new Set(created.map((session) => session.id)).size).toBe(10);
  });

  test('leave the list when their hash is gone', async () => {
    const { id } = await sessions.create(from());
    await redis.del(keys.session(userId, id));
    expect(await sessions.list(userId)).toEqual([]);
    expect(await redis.zcard(keys.ofUser(userId))).toBe(0);
  });

  test('are found again by scripts after Redis forgot them', async () => {
    const { id } = await sessions.create(from());
    await redis.script('FLUSH');
    expect(await sessions.touch(userId, id)).toMatchObject({ id });
  });
});
