import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { createRevoker } from '../revocation/revoker.ts';
import { connected } from '../testing/connected.ts';
import { noticeKeys } from './notice.ts';
import { createLogoutNotices } from './notices.ts';

const redis = await connected(inject('redisUrl'));
afterAll(() => redis.disconnect());

const HOUR_MS = 3_600_000;
const now = new Date('2026-01-02T03:04:05Z');
let prefix: string;
beforeEach(() => {
  prefix = `test-${randomUUID()}`;
});

const revokerWith = (maxNotices?: number) =>
  createRevoker({
    redis,
    clock: () => now,
    tokenLifetime: 900,
    prefix,
    ...(maxNotices !== undefined && { maxNotices }),
  });
/** One whose lease never ends within a test, unless it says so. */
const notices = (leaseMs = HOUR_MS) => createLogoutNotices({ redis, prefix, leaseMs });
const ended = (id: string, clientId = 'shop') => ({ id, userId: 'u1', clientId });
const notice = (sessionId: string, clientId = 'shop') => ({
  ...{ sessionId, userId: 'u1', clientId },
  endedAt: now.getTime(),
  attempts: 0,
});

describe('notices of ended sessions', () => {
  test('are kept with the revocation, of sessions that an application has', async () => {
    expect(await revokerWith().end([ended('s1'), { id: 's2', userId: 'u1' }, ended('s3', 'desk')])).toBe(0);
    const taken = await notices().take(10);
    expect(taken.waiting).toBe(2);
    expect(taken.notices).toEqual(expect.arrayContaining([notice('s1'), notice('s3', 'desk')]));
    for (const id of ['s1', 's2', 's3']) {
      expect(await redis.zscore(`${prefix}:{revocations}:session`, id)).not.toBeNull();
    }
  });

  test('are not kept when the sessions cannot be refused, nor the other way round', async () => {
    await redis.set(`${prefix}:{revocations}`, 'no stream');
    await expect(revokerWith().end([ended('s1')])).rejects.toMatchObject({ code: 'redis_unavailable' });
    expect(await redis.exists(Object.values(noticeKeys(prefix)))).toBe(0);
  });

  test('are kept of more sessions than one step takes', async () => {
    const sessions = Array.from({ length: 501 }, (_, index) => ended(`s${index}`));
    expect(await revokerWith().end(sessions)).toBe(0);
    expect(await notices().take(1)).toMatchObject({ waiting: 501 });
    expect(await redis.zcard(`${prefix}:{revocations}:session`)).toBe(501);
  });

  test('are one for a session that is ended twice', async () => {
    await revokerWith().end([ended('s1'), ended('s1')]);
    await revokerWith().end([ended('s1')]);
    expect((await notices().take(10)).notices).toEqual([notice('s1')]);
  });

  test('are taken by one at a time, and by another one when the first did not come back', async () => {
    await revokerWith().end([ended('s1')]);
    const [first, second] = [notices(1), notices()];
    expect((await first.take(10)).notices).toHaveLength(1);
    await vi.waitFor(async () => expect((await second.take(10)).notices).toHaveLength(1), 30_000);
    expect(await second.take(10)).toEqual({ waiting: 1, notices: [] });
  });

  test('are shared out: of any number who take at once, nobody gets what another one has', async () => {
    await revokerWith().end(Array.from({ length: 100 }, (_, index) => ended(`s${index}`)));
    const takers = await Promise.all(Array.from({ length: 20 }, () => notices().take(7)));
    const taken = takers.flatMap(({ notices: some }) => some.map(({ sessionId }) => sessionId));
    expect(taken).toHaveLength(100);
    expect(new Set(taken).size).toBe(100);
  });

  test('come back when they are postponed, as they were given, and not before', async () => {
    await revokerWith().end([ended('s1'), ended('s2')]);
    const store = notices();
    const { notices: taken } = await store.take(10);
    await Promise.all(
      taken.map((one) => store.postpone({ ...one, attempts: 3 }, one.sessionId === 's1' ? 0 : HOUR_MS)),
    );
    expect((await store.take(10)).notices).toEqual([{ ...notice('s1'), attempts: 3 }]);
  });

  test('are gone when they are forgotten: who is late does not bring one back', async () => {
    await revokerWith().end([ended('s1')]);
    await notices().forget(notice('s1'));
    await notices().postpone(notice('s1'), 0);
    expect(await notices().take(10)).toEqual({ waiting: 0, notices: [] });
    expect(await redis.exists(Object.values(noticeKeys(prefix)))).toBe(0);
  });

  test('are no more than the bound, and the sessions are refused all the same', async () => {
    expect(await revokerWith(2).end(['s1', 's2', 's3'].map((id) => ended(id)))).toBe(1);
    expect((await notices().take(10)).waiting).toBe(2);
    expect(await redis.zscore(`${prefix}:{revocations}:session`, 's3')).not.toBeNull();
  });

  test('that cannot be read are left to who can', async () => {
    await revokerWith().end([ended('s1'), ended('s2')]);
    await redis.hset(noticeKeys(prefix).waiting, 's1', 'of a newer version');
    expect(await notices().take(10)).toEqual({ waiting: 2, notices: [notice('s2')] });
  });

  test('end with the day, also when nobody tells them', async () => {
    await revokerWith().end([ended('s1')]);
    for (const key of Object.values(noticeKeys(prefix))) {
      const life = await redis.pttl(key);
      expect(life).toBeGreaterThan(0);
      expect(life).toBeLessThanOrEqual(24 * HOUR_MS);
    }
  });
});
