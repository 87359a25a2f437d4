import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { sessionKeys } from '../keys.ts';
import { kidOf } from '../testing/refusals.ts';
import { startTwoRegions, type TwoRegions } from './testing/two-regions.ts';
import { FAMILY } from './testing/world.ts';

const regions = await startTwoRegions(inject('valkey'));
afterAll(regions.close);

let world: TwoRegions;
beforeEach(() => {
  world = regions.create();
});
afterEach(regions.heal);

const away = { code: 'redis_unavailable' };
const untold = { code: 'session_untold' };

describe('refresh tokens that the global store was not told of', { timeout: 120_000 }, () => {
  const revocations = {
    check: () => undefined,
    regions: () => [{ name: 'tokyo', ageMs: 0, untoldMs: 0, state: 'present' as const }],
    behindMs: 0,
  };
  /** A session that the global store knows, and not its refresh tokens. */
  const half = async () => {
    const { userId, tokyo, begin } = world;
    const { id: sessionId } = await begin(tokyo);
    await tokyo.sync();
    await tokyo.refresh.begin(userId, sessionId, FAMILY);
    return { userId, sessionId, generation: 0, secret: FAMILY.secret };
  };

  test('are waited for while the store that knows them is away', async () => {
    const { servers, hasty, userId, regionOf } = world;
    const attempt = await half();
    servers.tokyo.freeze();
    const cut = regionOf('tokyo', { local: hasty.tokyo });
    await expect(cut.refresh.find(userId, attempt.sessionId, 'unsaid')).rejects.toMatchObject(away);
    await expect(cut.refresh.rotate(attempt)).rejects.toMatchObject(away);
  });

  test('begin for nobody while only the store that is away may know the session', async () => {
    const { servers, hasty, userId, tokyo, regionOf, begin } = world;
    const { id } = await begin(tokyo);
    servers.tokyo.freeze();
    await expect(regionOf('tokyo', { local: hasty.tokyo }).refresh.begin(userId, id, FAMILY)).rejects.toMatchObject(
      away,
    );
  });

  test('are waited for in another region, for as long as it takes to tell', async () => {
    const { stores, prefix, userId, time, tokyo, regionOf } = world;
    const { sessionId } = await half();
    const older = (ms: number) =>
      stores.global.hincrby(sessionKeys(prefix).session(userId, sessionId), 'createdAt', -ms);
    const waits = regionOf('osaka', { revocations });
    // Young for longer than it takes to ask.
    await older(-600_000);
    await expect(waits.refresh.find(userId, sessionId, 'unsaid')).rejects.toMatchObject(untold);
    // Who ends it goes by what is known.
    expect(await waits.refresh.find(userId, sessionId)).toBeUndefined();
    time.now += 60_000;
    await older(660_000);
    expect(await waits.refresh.find(userId, sessionId, 'unsaid')).toBeUndefined();
    await tokyo.sync();
    expect(await waits.refresh.find(userId, sessionId, 'unsaid')).toMatchObject(FAMILY);
  });

  test('are found though this region did not take what it was told', async () => {
    const { stores, userId, tokyo, regionOf } = world;
    const { sessionId } = await half();
    await tokyo.sync();
    // As one that was away, and is back before it is asked again.
    let failing = 1;
    const flaky = new Proxy(stores.osaka, {
      get(redis, name) {
        if (name === 'evalsha' && failing-- > 0) return async () => Promise.reject(new Error('Connection is closed.'));
        const value: unknown = Reflect.get(redis, name, redis);
        return typeof value === 'function' ? value.bind(redis) : value;
      },
    });
    expect(await regionOf('osaka', { local: flaky }).refresh.find(userId, sessionId)).toMatchObject(FAMILY);
    expect(failing).toBeLessThan(1);
  });

  test('are waited for where the session is known from before they were begun, while the global store is away', async () => {
    const { servers, hasty, userId, tokyo, osaka, regionOf, begin } = world;
    const { sessionId } = await half();
    expect(await osaka.sessions.get(userId, sessionId)).toMatchObject({ id: sessionId });
    const { id: ended } = await begin(tokyo);
    await osaka.sessions.destroy(userId, ended);
    await tokyo.sync();
    servers.global.freeze();
    const cut = regionOf('osaka', { global: hasty.global });
    await expect(cut.refresh.find(userId, sessionId, 'unsaid')).rejects.toMatchObject(away);
    expect(await cut.refresh.find(userId, ended, 'unsaid')).toBeUndefined();
  });

  test('rotate where the store of the region comes back after the global one found them', async () => {
    const { servers, heal, hasty, userId, regionOf, begin } = world;
    servers.tokyo.freeze();
    const cut = regionOf('tokyo', { local: hasty.tokyo });
    const { id: sessionId } = await begin(cut);
    await cut.refresh.begin(userId, sessionId, FAMILY);
    expect(await cut.refresh.find(userId, sessionId, 'unsaid')).toMatchObject({ generation: 0 });
    await heal();
    const attempt = { userId, sessionId, generation: 0, secret: FAMILY.secret };
    expect(await cut.refresh.rotate(attempt)).toMatchObject({ result: 'rotated', generation: 1 });
    expect(await cut.refresh.rotate({ ...attempt, secret: 'of another family' })).toEqual({ result: 'ended' });
  });
});

describe('while another region cannot tell', () => {
  const revoked = new Set<string>();
  const revocations = {
    check: ({ session }: { readonly session?: { readonly id: string } }) =>
      session !== undefined && revoked.has(session.id) ? ({ kind: 'session' } as const) : undefined,
    regions: () => [{ name: 'tokyo', ageMs: 60_000, untoldMs: 60_000, state: 'present' as const }],
    behindMs: 60_000,
  };
  const from = { kid: kidOf('tokyo'), iat: 0 };

  test('what began there may live, until it is told', { timeout: 120_000 }, async () => {
    const { userId, tokyo, regionOf, begin } = world;
    const waits = regionOf('osaka', { revocations });
    const { id } = await begin(tokyo);
    await tokyo.refresh.begin(userId, id, FAMILY);
    await expect(waits.sessions.get(userId, id, from)).rejects.toMatchObject(untold);
    await expect(waits.refresh.find(userId, id, 'unsaid')).rejects.toMatchObject(untold);
    // Who ends it goes by what is known.
    expect([await waits.sessions.get(userId, id), await waits.refresh.find(userId, id)]).toEqual([
      undefined,
      undefined,
    ]);
    await tokyo.sync();
    expect(await waits.sessions.get(userId, id, from)).toMatchObject({ id });
    expect(await waits.refresh.find(userId, id, 'unsaid')).toMatchObject(FAMILY);
  });

  test('refresh tokens that are known may not be the latest, unless no region has more to tell', {
    timeout: 120_000,
  }, async () => {
    const { servers, hasty, userId, tokyo, regionOf, begin } = world;
    const { id } = await begin(tokyo);
    await tokyo.refresh.begin(userId, id, FAMILY);
    await tokyo.sync();
    const all = () => [{ name: 'tokyo', ageMs: 0, untoldMs: 0, state: 'present' as const }];
    const told = regionOf('osaka', { revocations: { ...revocations, regions: all } });
    expect(await told.refresh.find(userId, id, 'unsaid')).toMatchObject({ ...FAMILY, isLatest: true });
    await tokyo.refresh.begin(userId, id, { ...FAMILY, secret: 'another' });
    expect(await tokyo.refresh.find(userId, id, 'unsaid')).toMatchObject({ secret: 'another', isLatest: true });
    const waits = regionOf('osaka', { revocations });
    expect(await waits.refresh.find(userId, id, 'unsaid')).toMatchObject({ ...FAMILY, isLatest: false });
    servers.osaka.freeze();
    const cut = regionOf('osaka', { local: hasty.osaka });
    expect(await cut.refresh.find(userId, id, 'unsaid')).toMatchObject({ ...FAMILY, isLatest: false });
    servers.osaka.thaw();
    servers.global.freeze();
    const alone = regionOf('osaka', { global: hasty.global });
    expect(await alone.refresh.find(userId, id, 'unsaid')).toMatchObject({ ...FAMILY, isLatest: false });
  });

  test('what ended or is refused by name is over', { timeout: 120_000 }, async () => {
    const { stores, prefix, userId, tokyo, regionOf, begin } = world;
    const waits = regionOf('osaka', { revocations });
    const [endedHere, endedThere, refused] = [await begin(tokyo), await begin(tokyo), await begin(tokyo)];
    await waits.sessions.destroy(userId, endedHere.id);
    revoked.add(refused.id);
    await tokyo.sessions.destroy(userId, endedThere.id);
    await tokyo.sync();
    await stores.global.del(sessionKeys(prefix).session(userId, refused.id));
    for (const { id } of [endedHere, endedThere, refused]) {
      expect(await waits.sessions.get(userId, id, from)).toBeUndefined();
      expect(await waits.refresh.find(userId, id, 'unsaid')).toBeUndefined();
    }
  });

  test('what is known here, without refresh tokens, is not waited for', { timeout: 120_000 }, async () => {
    const { userId, regionOf, begin } = world;
    const waits = regionOf('osaka', { revocations });
    const { id } = await begin(waits);
    expect(await waits.refresh.find(userId, id, 'unsaid')).toBeUndefined();
  });
});
