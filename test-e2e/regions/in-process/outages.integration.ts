import { logIn } from '@sekisho/auth/testing';
import { until } from '@sekisho/sessions/testing';
import { startLine } from '@sekisho/telemetry/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import type { RegionUnderTest } from './region.ts';
import { answers, becomes, decided, healed } from './waits.ts';
import { type User, World } from './world.ts';

const TIMEOUT_MS = 600_000;
const MINUTES = { timeout: TIMEOUT_MS };
const LOG_IN_AGAIN = { timeout: 120_000, interval: 5_000 };

let world: World;
let user: User;

beforeAll(async () => {
  world = await World.start({ valkey: inject('valkey'), postgresUrl: inject('postgresUrl') });
}, TIMEOUT_MS);
afterAll(() => world?.close(), TIMEOUT_MS);

beforeEach(async () => {
  user = await world.addUser();
}, TIMEOUT_MS);
/** What a test broke works again before the next one begins. */
afterEach(() => healed(world.tokyo, world.osaka), TIMEOUT_MS);

const isReady = ({ adminApp }: RegionUnderTest['auth']) =>
  answers(200, async () => adminApp.inject({ url: '/readyz' }));

describe('while the global store is away', () => {
  beforeEach(async () => {
    await until('the region has noted how far it knows the other one', async () =>
      String(await world.osaka.store.ask('hkeys', 'sk:{revocations}:regions')).includes('tokyo:noted'),
    );
    await world.global.kill();
  }, TIMEOUT_MS);
  afterEach(() => world.global.start(), TIMEOUT_MS);

  test('sessions go on where they are known, and begin and end', MINUTES, async () => {
    const { osaka, guards } = world;
    const session = await user.logIn(osaka);
    await becomes('200', () => guards.osaka.ask(session.accessToken));
    await answers(200, () => osaka.refresh(session.refreshToken));
    await isReady(osaka.auth);
    await answers(204, () => osaka.call('DELETE', '/v1/sessions/current', session.accessToken));
    await becomes('401 token_revoked', () => guards.osaka.ask(session.accessToken));
  });

  test('a guard and an auth service that start then go by what was known in the region', MINUTES, async () => {
    const { osaka, jwks } = world;
    const guard = await osaka.startGuard(jwks);
    const auth = await osaka.startAuth();
    try {
      const { accessToken } = await user.logIn(osaka, auth);
      await becomes('200', () => guard.ask(accessToken));
      const headers = { authorization: `Bearer ${accessToken}` };
      await answers(200, async () => auth.publicApp.inject({ url: '/v1/sessions', headers }));
    } finally {
      await guard.close();
      await auth.close();
    }
  });

  test('who is not known is told to come back, and found once it is back', MINUTES, async () => {
    const { tokyo, osaka, guards, global } = world;
    const session = await user.logIn(tokyo);
    const { retryAfter } = await becomes('503 unavailable', () => guards.osaka.ask(session.accessToken));
    expect(retryAfter).toBe('1');
    await becomes('200', () => guards.osaka.ask(session.accessToken, 'lenient'));
    const refused = await answers(503, () => osaka.refresh(session.refreshToken));
    expect(refused.headers['retry-after']).toBe('1');
    await global.start();
    await becomes('200', () => guards.osaka.ask(session.accessToken));
    await answers(200, () => osaka.refresh(session.refreshToken));
    await global.kill();
  });
});

describe("while a region's own store is away", () => {
  test('the global one serves, and the region goes on by itself when it is back', MINUTES, async () => {
    const { tokyo, osaka, guards } = world;
    const [before, ended] = [await user.logIn(osaka), await user.logIn(osaka)];
    // By then the global store knows them.
    for (const { accessToken } of [before, ended]) await becomes('200', () => guards.tokyo.ask(accessToken));
    await osaka.store.kill();
    await isReady(osaka.auth);
    await becomes('200', () => guards.osaka.ask(before.accessToken));
    await answers(200, () => osaka.refresh(before.refreshToken));
    const begun = await user.logIn(osaka);
    await becomes('200', () => guards.osaka.ask(begun.accessToken));
    await answers(204, () => osaka.call('DELETE', '/v1/sessions/current', ended.accessToken));
    await becomes('401 token_revoked', () => guards.tokyo.ask(ended.accessToken));
    await osaka.store.start();
    await becomes('200', () => guards.osaka.ask(begun.accessToken));
    await becomes('401 token_revoked', () => guards.osaka.ask(ended.accessToken));
    await answers(200, () => tokyo.refresh(begun.refreshToken));
  });
});

describe('while a region has lost both its own store and what it had not told yet', () => {
  test('whoever may be known there is told to come back, and logs out all the same', MINUTES, async () => {
    const { osaka, guards } = world;
    await osaka.line.cut();
    const [kept, ended] = [await user.logIn(osaka), await user.logIn(osaka)];
    await osaka.store.kill();
    await osaka.line.mend();
    await becomes('503 unavailable', () => guards.osaka.ask(kept.accessToken));
    await answers(503, () => osaka.refresh(kept.refreshToken));
    await answers(204, () => osaka.call('DELETE', '/v1/sessions/current', ended.accessToken));
    await becomes('401 token_revoked', () => guards.tokyo.ask(ended.accessToken));
    await osaka.store.start();
    await becomes('200', () => guards.osaka.ask(kept.accessToken));
    await becomes('200', () => guards.tokyo.ask(kept.accessToken));
    await becomes('401 token_revoked', () => guards.osaka.ask(ended.accessToken));
  });

  test('who logs out everywhere is told to come back until that is done', MINUTES, async () => {
    const { osaka, guards } = world;
    const asking = await user.logIn(osaka);
    await becomes('200', () => guards.tokyo.ask(asking.accessToken));
    await osaka.line.cut();
    const untold = await user.logIn(osaka);
    await osaka.store.kill();
    await osaka.line.mend();
    const logOut = () => osaka.call('DELETE', '/v1/sessions', asking.accessToken);
    await answers(200, () => osaka.call('GET', '/v1/sessions', asking.accessToken));
    for (const _ of ['first', 'again']) {
      const { statusCode, headers } = await logOut();
      expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
    }
    await osaka.store.start();
    await answers(204, logOut);
    await becomes('401 token_revoked', () => guards.osaka.ask(asking.accessToken));
    await becomes('401 token_revoked', () => guards.osaka.ask(untold.accessToken));
    await answers(401, () => osaka.refresh(untold.refreshToken));
  });
});

describe('while a region is cut off', () => {
  afterEach(async () => {
    await world.tokyo.line.cut();
    await world.tokyo.line.mend();
  }, TIMEOUT_MS);

  test('what it revokes ends sessions that begin elsewhere meanwhile, once it is back', MINUTES, async () => {
    const { tokyo, osaka, guards } = world;
    await tokyo.line.cut();
    const [early, late] = [await user.logIn(tokyo), await user.logIn(osaka)];
    await answers(200, () => tokyo.administer('POST', '/v1/revocations', { payload: { user: user.id } }));
    await becomes('401 token_revoked', () => guards.tokyo.ask(early.accessToken));
    // Osaka did not hear of it, unless its auth service found in the database, before tokyo was done, that it was owed.
    expect(['200', '401 token_revoked']).toContain(await decided(() => guards.osaka.ask(late.accessToken)));
    await tokyo.line.mend();
    await becomes('401 token_revoked', () => guards.osaka.ask(late.accessToken));
    await answers(401, () => osaka.refresh(late.refreshToken));
    // Who logs in between the end of their sessions and the region's answer logs in once more.
    const after = await vi.waitFor(async () => {
      const begun = await user.logIn(osaka);
      for (const guard of [guards.osaka, guards.tokyo])
        expect(await decided(() => guard.ask(begun.accessToken))).toBe('200');
      return begun;
    }, LOG_IN_AGAIN);
    await answers(200, () => osaka.refresh(after.refreshToken));
  });

  test(
    'who logged in there is told to come back elsewhere, or logs out, and is found once it is back',
    MINUTES,
    async () => {
      const { tokyo, osaka, guards } = world;
      await tokyo.line.cut();
      const [session, ended] = [await user.logIn(tokyo), await user.logIn(tokyo)];
      const list = () => osaka.call('GET', '/v1/sessions', session.accessToken);
      const { retryAfter } = await becomes('503 unavailable', () => guards.osaka.ask(session.accessToken));
      expect(retryAfter).toBe('1');
      // Whichever comes first, the token grows old or the region is missed.
      for (const _ of [1, 2, 3]) expect((await guards.osaka.ask(session.accessToken)).told).toBe('503 unavailable');
      for (const use of [list, () => osaka.refresh(session.refreshToken)]) {
        const refused = await answers(503, use);
        expect(refused.json()).toMatchObject({ code: 'unavailable' });
        expect(refused.headers['retry-after']).toBe('1');
      }
      await answers(204, () => osaka.call('DELETE', '/v1/sessions/current', ended.accessToken));
      await becomes('401 token_revoked', () => guards.osaka.ask(ended.accessToken));
      await answers(401, () => osaka.refresh(ended.refreshToken));
      await tokyo.line.mend();
      await becomes('200', () => guards.osaka.ask(session.accessToken));
      await answers(200, list);
      await answers(200, () => osaka.refresh(session.refreshToken));
    },
  );

  test('a log-out everywhere ends sessions that it could not know of, once it is back', MINUTES, async () => {
    const { tokyo, osaka, guards } = world;
    await tokyo.line.cut();
    const [here, there] = [await user.logIn(tokyo), await user.logIn(osaka)];
    await answers(204, () => tokyo.call('DELETE', '/v1/sessions', here.accessToken));
    await becomes('200', () => guards.osaka.ask(there.accessToken));
    await tokyo.line.mend();
    await becomes('401 token_revoked', () => guards.osaka.ask(there.accessToken));
    await answers(401, () => osaka.refresh(there.refreshToken));
  });

  test('others that must know what it revokes wait for it, until it is given up', MINUTES, async () => {
    const { tokyo, osaka, jwks } = world;
    const strict = await osaka.startGuard(jwks, { maxBehindMs: 3_000 });
    const auth = await osaka.startAuth({ maxBehindMs: 3_000 });
    try {
      const { accessToken } = await user.logIn(osaka);
      await becomes('200', () => strict.ask(accessToken));
      await tokyo.line.cut();
      await becomes('503 unavailable', () => strict.ask(accessToken));
      await becomes('200', () => strict.ask(accessToken, 'lenient'));
      const headers = { authorization: `Bearer ${accessToken}` };
      await answers(503, async () => auth.publicApp.inject({ url: '/v1/sessions', headers }));
      const { regions } = (await answers(200, () => osaka.administer('GET', '/v1/regions', { auth }))).json();
      expect(regions).toMatchObject([{ name: 'osaka' }, { name: 'tokyo', state: 'present' }]);
      await answers(200, () => osaka.administer('PUT', '/v1/regions/tokyo', { payload: { state: 'lost' }, auth }));
      await becomes('200', () => strict.ask(accessToken));
      await answers(200, async () => auth.publicApp.inject({ url: '/v1/sessions', headers }));
      await tokyo.line.mend();
      await answers(200, () => osaka.administer('PUT', '/v1/regions/tokyo', { payload: { state: 'present' } }));
      await healed(tokyo, osaka);
      await becomes('200', () => strict.ask(accessToken));
    } finally {
      await strict.close();
      await auth.close();
    }
  });

  test('users log out of a region that waits for another one', MINUTES, async () => {
    const { tokyo, osaka, guards } = world;
    const auth = await osaka.startAuth({ maxBehindMs: 3_000 });
    try {
      const { accessToken } = await user.logIn(osaka);
      await tokyo.line.cut();
      const headers = { authorization: `Bearer ${accessToken}` };
      await answers(503, async () => auth.publicApp.inject({ url: '/v1/sessions', headers }));
      await answers(204, async () => auth.publicApp.inject({ method: 'DELETE', url: '/v1/sessions/current', headers }));
      await becomes('401 token_revoked', () => guards.osaka.ask(accessToken));
    } finally {
      await auth.close();
    }
  });
});

describe('a process', () => {
  test('starts and serves while the global store is away, and tells it what it did meanwhile', MINUTES, async () => {
    const { osaka, guards, global } = world;
    const line = await startLine(global.url);
    await line.cut();
    const auth = await osaka.startAuth({ globalRedisUrl: line.url });
    try {
      await isReady(auth);
      const { accessToken } = await user.logIn(osaka, auth);
      await becomes('200', () => guards.osaka.ask(accessToken));
      await line.mend();
      await becomes('200', () => guards.tokyo.ask(accessToken));
    } finally {
      await auth.close();
      await line.close();
    }
  });

  test('ends while the global store hangs', MINUTES, async () => {
    const { osaka, jwks, global } = world;
    const line = await startLine(global.url);
    const auth = await osaka.startAuth({ globalRedisUrl: line.url });
    const guard = await osaka.startGuard(jwks, { globalRedisUrl: line.url });
    await until('the guard is ready', () => guard.isReady());
    line.freeze();
    await answers(401, () => logIn(auth, { email: 'nobody@example.org', password: 'correct horse' }));
    await guard.close();
    await auth.close();
    await line.close();
  });
});
