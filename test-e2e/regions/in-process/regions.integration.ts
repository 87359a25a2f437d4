import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import type { RegionalGuard } from './guard.ts';
import { loggedIn } from './region.ts';
import { answers, becomes } from './waits.ts';
import { World } from './world.ts';

const TIMEOUT_MS = 600_000;
/** A session is not refreshed without bound. */
const PATIENCE = { timeout: 60_000, interval: 1_000 };
const MINUTES = { timeout: TIMEOUT_MS };

let world: World;

beforeAll(async () => {
  world = await World.start({ valkey: inject('valkey'), postgresUrl: inject('postgresUrl') });
}, TIMEOUT_MS);
afterAll(() => world?.close(), TIMEOUT_MS);

async function lookups(guard: RegionalGuard, where: string): Promise<number> {
  const line = new RegExp(`^session_lookups_total\\{where="${where}"\\} (\\d+)`, 'm');
  return Number(line.exec(await guard.metrics())?.[1]);
}

describe('two regions', () => {
  test('a session that began in one goes on in the other', MINUTES, async () => {
    const { tokyo, osaka, guards } = world;
    const user = await world.addUser();
    const { accessToken, refreshToken } = await user.logIn(tokyo);
    const before = await lookups(guards.osaka, 'global');
    await becomes('200', () => guards.osaka.ask(accessToken));
    expect(await lookups(guards.osaka, 'global')).toBeGreaterThan(before);
    const refreshed = loggedIn(await answers(200, () => osaka.refresh(refreshToken)));
    await becomes('200', () => guards.tokyo.ask(refreshed.accessToken));
    const again = loggedIn(await answers(200, () => tokyo.refresh(refreshed.refreshToken)));
    await becomes('200', () => guards.osaka.ask(again.accessToken));
  });

  test('who logs out in one is logged out in the other', MINUTES, async () => {
    const { tokyo, osaka, guards } = world;
    const user = await world.addUser();
    const { accessToken, refreshToken } = await user.logIn(tokyo);
    await becomes('200', () => guards.osaka.ask(accessToken));
    await answers(204, () => tokyo.call('DELETE', '/v1/sessions/current', accessToken));
    await becomes('401 token_revoked', () => guards.osaka.ask(accessToken));
    await answers(401, () => osaka.refresh(refreshToken));
  });

  test(
    'who logs out everywhere is logged out of sessions of either, but for the one that is kept',
    MINUTES,
    async () => {
      const { tokyo, osaka, guards } = world;
      const user = await world.addUser();
      const [inTokyo, inOsaka, kept] = [await user.logIn(tokyo), await user.logIn(osaka), await user.logIn(osaka)];
      await becomes('200', () => guards.tokyo.ask(kept.accessToken));
      await answers(204, () => tokyo.call('DELETE', '/v1/sessions?others=true', kept.accessToken));
      for (const { accessToken } of [inTokyo, inOsaka]) {
        for (const guard of Object.values(guards)) await becomes('401 token_revoked', () => guard.ask(accessToken));
      }
      await becomes('200', () => guards.osaka.ask(kept.accessToken));
      await becomes('200', () => guards.tokyo.ask(kept.accessToken));
    },
  );

  test('who loses a grant in one goes on in the other, with tokens without it', MINUTES, async () => {
    const { tokyo, osaka, guards } = world;
    const user = await world.addUser();
    const { accessToken, refreshToken } = await user.logIn(osaka);
    await becomes('200', () => guards.osaka.ask(accessToken, 'lenient'));
    await answers(200, () => tokyo.administer('DELETE', `/v1/users/${user.id}/grants/lenient`));
    await becomes('401 token_revoked', () => guards.osaka.ask(accessToken));
    let [token, refreshed] = [refreshToken, accessToken];
    // Until this region has heard of it nobody here mints otherwise, and in the second in which it hears nobody mints at all.
    await vi.waitFor(async () => {
      const answer = await osaka.refresh(token);
      expect(answer.statusCode).toBe(200);
      ({ accessToken: refreshed, refreshToken: token } = loggedIn(answer));
      expect((await guards.osaka.ask(refreshed)).told).toBe('200');
    }, PATIENCE);
    await becomes('403 audience_mismatch', () => guards.osaka.ask(refreshed, 'lenient'));
  });
});
