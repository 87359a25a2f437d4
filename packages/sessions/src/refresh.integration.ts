import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { sessionKeys } from './keys.ts';
import { createSessionStore } from './open-store.ts';
import { createRefreshStore } from './refresh.ts';
import { connected } from './testing/connected.ts';

const redis = await connected(inject('redisUrl'));
const prefix = `test-${randomUUID()}`;
const GRACE_MS = 10_000;

let now = Date.now();
const clock = () => new Date(now);
const sessions = createSessionStore({ redis, prefix, clock, newId: randomUUID });
const refresh = createRefreshStore({ redis, prefix, clock });
const family = { secret: 'secret', context: '{"client":"web"}' };

let userId: string;
let sessionId: string;
const use = (generation: number, secret = family.secret) => refresh.rotate({ userId, sessionId, generation, secret });

beforeEach(async () => {
  now = Date.now();
  userId = randomUUID();
  sessionId = (await sessions.create({ userId, device: {} })).id;
  await refresh.begin(userId, sessionId, family);
});
afterAll(() => redis.disconnect());

describe('the refresh tokens of a session', () => {
  test('follow one another, each valid until it is used', async () => {
    expect(await use(0)).toMatchObject({ result: 'rotated', generation: 1 });
    expect(await use(1)).toMatchObject({ result: 'rotated', generation: 2 });
    expect(await refresh.find(userId, sessionId)).toMatchObject({ generation: 2 });
    now += 2 * GRACE_MS;
    expect(await use(2)).toMatchObject({ result: 'rotated', generation: 3 });
  });

  test('have one successor for all who use one within the grace window', async () => {
    expect(await use(0)).toMatchObject({ result: 'rotated' });
    now += GRACE_MS;
    expect(await use(0)).toMatchObject({ result: 'repeated', generation: 1 });
    expect(await use(1)).toMatchObject({ result: 'rotated', generation: 2 });
  });

  test('rotate once when 100 use the same one at once', async () => {
    const rotations = await Promise.all(Array.from({ length: 100 }, () => use(0)));
    expect(rotations.filter(({ result }) => result === 'rotated')).toHaveLength(1);
    expect(rotations.filter(({ result }) => result === 'repeated')).toHaveLength(99);
    expect(new Set(rotations.map((rotation) => 'generation' in rotation && rotation.generation))).toEqual(new Set([1]));
  });

  test('are over for everybody when one is used after its window', async () => {
    await use(0);
    now += GRACE_MS + 1;
    expect(await use(0)).toEqual({ result: 'replayed' });
    expect(await use(1)).toEqual({ result: 'replayed' });
  });

  test('are over when one is used whose successor was used too, however fast', async () => {
    await use(0);
    await use(1);
    expect(await use(0)).toEqual({ result: 'replayed' });
    expect(await use(2)).toEqual({ result: 'replayed' });
  });

  test('go on where a replica took over that lacked the last rotation', async () => {
    await use(0);
    await use(1);
    await redis.hset(sessionKeys(prefix).session(userId, sessionId), 'refreshGeneration', 1);
    expect(await use(2)).toMatchObject({ result: 'rotated', generation: 3 });
    expect(await use(3)).toMatchObject({ result: 'rotated', generation: 4 });
  });

  test('of an earlier family are worth nothing, and do not harm the new one', async () => {
    await use(0);
    const next = { secret: 'another', context: 'x' };
    expect(await refresh.begin(userId, sessionId, next)).toBe(true);
    for (const generation of [0, 1, 7]) expect(await use(generation)).toEqual({ result: 'ended' });
    expect(await refresh.find(userId, sessionId)).toMatchObject(next);
    expect(await use(0, 'another')).toMatchObject({ result: 'rotated', generation: 1 });
  });

  test('end with the session, and do not bring it back', async () => {
    expect(await refresh.find(userId, sessionId)).toMatchObject({ ...family, session: { id: sessionId, userId } });
    await sessions.destroy(userId, sessionId);
    expect(await refresh.find(userId, sessionId)).toBeUndefined();
    expect(await use(0)).toEqual({ result: 'ended' });
    expect(await refresh.begin(userId, sessionId, family)).toBe(false);
    expect(await redis.exists(sessionKeys(prefix).session(userId, sessionId))).toBe(0);
  });

  test('are over with the time of the session, whatever Redis still holds', async () => {
    now += 8 * 24 * 60 * 60 * 1_000;
    expect(await refresh.find(userId, sessionId)).toBeUndefined();
    expect(await use(0)).toEqual({ result: 'ended' });
    expect(await refresh.begin(userId, sessionId, family)).toBe(false);
  });

  test('are none in a session that began none', async () => {
    sessionId = (await sessions.create({ userId, device: {} })).id;
    expect(await refresh.find(userId, sessionId)).toBeUndefined();
    expect(await use(0)).toEqual({ result: 'ended' });
  });

  test('prolong the session, and what it is found by', async () => {
    const keys = sessionKeys(prefix);
    const ttl = 7 * 24 * 60 * 60 * 1_000;
    // Redis' own clock does not run ahead with the test's.
    await redis.pexpire(keys.owner(sessionId), 60_000);
    now += 2 * 24 * 60 * 60 * 1_000;
    const session = { id: sessionId, userId, lastAccessedAt: now, expiresAt: now + ttl };
    expect(await use(0)).toMatchObject({ result: 'rotated', session });
    expect(await sessions.get(userId, sessionId)).toMatchObject(session);
    expect(await redis.zscore(keys.ofUser(userId), sessionId)).toBe(String(now));
    expect(await redis.pttl(keys.owner(sessionId))).toBeGreaterThan(ttl);
    now += 1_000;
    expect(await use(0)).toMatchObject({ result: 'repeated', session: { lastAccessedAt: now } });
    now += GRACE_MS;
    expect(await use(0)).toEqual({ result: 'replayed' });
    expect(await sessions.get(userId, sessionId)).toMatchObject({ lastAccessedAt: now - GRACE_MS });
  });

  test('stay when the session is touched', async () => {
    await use(0);
    await sessions.touch(userId, sessionId);
    expect(await use(1)).toMatchObject({ result: 'rotated', generation: 2 });
  });
});
