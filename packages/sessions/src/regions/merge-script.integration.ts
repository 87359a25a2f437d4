import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { sessionKeys } from '../keys.ts';
import { connected } from '../testing/connected.ts';
import { createDelivery, type Parcel } from './delivery.ts';
import { mergeReplicas } from './merge.ts';
import { hasEnded, moveReplica, type Replica, readReplica } from './replica.ts';
import { replicasOf } from './testing/replicas.ts';

const prefix = `test-${randomUUID()}`;
const keys = sessionKeys(prefix);
const redis = await connected(inject('redisUrl'));
afterAll(() => redis.disconnect());

/** When all that is generated is alive still. */
const NOW = 1_700_000_004_000;
const TTL_MS = 1_000_000;
const userId = 'u1';

const stored = async (sessionId: string): Promise<Replica | undefined> =>
  readReplica(new Map(Object.entries(await redis.hgetall(keys.session(userId, sessionId)))));

describe('what is merged in Redis', () => {
  test('is what the pure function makes of it, for any number of stores and any clocks', async () => {
    const deliver = createDelivery({ redis, keys, ttlMs: TTL_MS, now: () => NOW });
    const replica = replicasOf({ userId, region: 'tokyo', userAgent: 'Firefox' });
    const skewed = fc.record({ replica, ahead: fc.integer({ min: -600_000, max: 600_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(skewed, { minLength: 1, maxLength: 5 }), async (all) => {
        const sessionId = randomUUID();
        for (const { replica, ahead } of all) {
          const parcel = { userId, sessionId, replica: moveReplica(replica, 0, ahead), readAt: NOW + ahead };
          await deliver(parcel);
        }
        const expected = all.map((one) => one.replica).reduce(mergeReplicas);
        expect(await stored(sessionId)).toEqual(expected);
        const score = await redis.zscore(keys.ofUser(userId), sessionId);
        expect(score).toBe(hasEnded(expected) ? null : String(expected.lastAccessedAt));
        // In Redis for as long as it can live.
        const left = await redis.pttl(keys.session(userId, sessionId));
        expect(left).toBeGreaterThan(0);
        expect(left).toBeLessThanOrEqual(hasEnded(expected) ? TTL_MS : expected.expiresAt - NOW);
      }),
      { numRuns: 300 },
    );
  });

  const live = (at: number): Replica => ({ facts: {}, createdAt: at, lastAccessedAt: at, expiresAt: at + TTL_MS });
  const parcel = (sessionId: string, replica: Replica, of = userId): Parcel => ({
    userId: of,
    sessionId,
    replica,
    readAt: NOW,
  });

  test('can be found by its id from the first moment on, and no more when it ended', async () => {
    const deliver = createDelivery({ redis, keys, ttlMs: TTL_MS });
    const id = randomUUID();
    expect(await deliver(parcel(id, live(NOW)))).toEqual({ result: 'merged', excess: [] });
    expect(await redis.get(keys.owner(id))).toBe(userId);
    expect(await deliver(parcel(id, { endedAt: NOW }))).toEqual({ result: 'ended' });
    expect(await redis.get(keys.owner(id))).toBeNull();
    expect(await deliver(parcel(id, live(NOW)))).toEqual({ result: 'ended' });
    expect(await redis.get(keys.owner(id))).toBeNull();
  });

  test('is by the clock of Redis unless it is told another one', async () => {
    const id = randomUUID();
    await createDelivery({ redis, keys, ttlMs: TTL_MS })(parcel(id, live(NOW - 1_000)));
    const [seconds = 0] = (await redis.time()).map(Number);
    const found = await stored(id);
    expect(found).toMatchObject({ lastAccessedAt: expect.any(Number) });
    const age = seconds * 1_000 - (found !== undefined && !hasEnded(found) ? found.lastAccessedAt : 0);
    expect(Math.abs(age)).toBeLessThan(60_000);
  });

  test('prolongs the index of a session that is used for longer than the index lives', async () => {
    let now = NOW;
    const deliver = createDelivery({ redis, keys, ttlMs: TTL_MS, now: () => now });
    const id = randomUUID();
    for (let use = 0; use < 4; use += 1) {
      await deliver({ ...parcel(id, live(now)), readAt: now });
      await redis.pexpire(keys.owner(id), 1_000);
      now += TTL_MS / 6;
    }
    await deliver({ ...parcel(id, live(now)), readAt: now });
    expect(await redis.pttl(keys.owner(id))).toBeGreaterThan(TTL_MS / 2);
  });

  test('is nothing when nobody used it for its life', async () => {
    const deliver = createDelivery({ redis, keys, ttlMs: TTL_MS, now: () => NOW });
    const id = randomUUID();
    expect(await deliver(parcel(id, live(NOW - TTL_MS)))).toEqual({ result: 'over' });
    expect(await stored(id)).toBeUndefined();
    expect(await redis.get(keys.owner(id))).toBeNull();
  });

  test('tells which sessions are too many, those that were used least recently, until they ended', async () => {
    const deliver = createDelivery({ redis, keys, ttlMs: TTL_MS, maxPerUser: 2, now: () => NOW });
    const user = randomUUID();
    const put = (id: string, at: number, clientId?: string) => {
      const replica = { ...live(NOW - 1_000 + at), facts: clientId === undefined ? {} : { clientId } };
      return deliver(parcel(id, replica, user));
    };
    expect(await put('s1', 1, 'shop')).toEqual({ result: 'merged', excess: [] });
    expect(await put('s2', 2)).toEqual({ result: 'merged', excess: [] });
    const excess = [{ id: 's1', userId: user, clientId: 'shop' }];
    expect(await put('s3', 3)).toEqual({ result: 'merged', excess });
    expect(await put('s3', 3)).toEqual({ result: 'merged', excess });
    await deliver(parcel('s1', { endedAt: NOW }, user));
    expect(await put('s3', 3)).toEqual({ result: 'merged', excess: [] });
  });
});
