import { describe, expect, test } from 'vitest';
import type { AccountStore } from '../accounts/account.ts';
import { OWN_CLIENT } from '../login/access-grant.ts';
import { ADMIN_ID, ALICE_ID, alice, createFixture } from '../testing/fixture.ts';
import { memoryAccounts, setGrants } from '../testing/memory-accounts.ts';
import { createRefresh } from './refresh.ts';
import { createRefreshTokenFormat } from './refresh-token.ts';

const sessionExpired = { code: 'session_expired', message: 'the session is over: log in again' };

async function loggedIn(services?: string[], accounts: AccountStore = memoryAccounts(alice)) {
  const fixture = createFixture({ accounts });
  const credentials = { email: alice.email, password: 'correct horse', device: {}, ip: '192.0.2.1' };
  const first = await fixture.login({ ...credentials, ...(services && { services }) });
  const pass = (seconds: number) => {
    fixture.time.now = new Date(fixture.time.now.getTime() + seconds * 1000);
  };
  return { ...fixture, first, pass };
}

describe('refresh', () => {
  test('brings an access token and the next refresh token, and prolongs the session', async () => {
    const { refresh, first, pass, verifyFor } = await loggedIn();
    pass(3_600);
    const second = await refresh({ refreshToken: first.refreshToken, device: {} });
    expect(second.session).toMatchObject({ id: first.session.id, expiresAt: first.session.expiresAt + 3_600_000 });
    expect(second.refreshToken).not.toBe(first.refreshToken);
    const claims = await verifyFor('bucket')(second.token);
    expect(claims).toMatchObject({ sub: ALICE_ID, aud: ['bucket', 'user'], session: { id: first.session.id } });
    expect(second.expiresIn).toBe(900);
    pass(3_600);
    expect((await refresh({ refreshToken: second.refreshToken, device: {} })).session.id).toBe(first.session.id);
  });

  test('gives everybody who repeats it within 10 s the same next token', async () => {
    const { refresh, first, pass } = await loggedIn();
    const once = () => refresh({ refreshToken: first.refreshToken, device: {} });
    const results = await Promise.all(Array.from({ length: 100 }, once));
    pass(10);
    results.push(await once());
    expect(new Set(results.map(({ refreshToken }) => refreshToken)).size).toBe(1);
  });

  test('ends the session for everybody when a token is used again after its window', async () => {
    const { refresh, first, pass, sessions } = await loggedIn();
    const second = await refresh({ refreshToken: first.refreshToken, device: {} });
    pass(11);
    await expect(refresh({ refreshToken: first.refreshToken, device: {} })).rejects.toMatchObject({
      ...sessionExpired,
      reason: 'replayed',
    });
    expect(sessions.live.size).toBe(0);
    await expect(refresh({ refreshToken: second.refreshToken, device: {} })).rejects.toMatchObject(sessionExpired);
  });

  test('brings what is granted now, of what the log-in asked for', async () => {
    const accounts = memoryAccounts(alice);
    const { refresh, first, verifyFor } = await loggedIn(['bucket'], accounts);
    await setGrants(accounts, ALICE_ID, [
      { service: 'bucket', permissions: ['bucket:read'] },
      { service: 'user', permissions: ['user:read'] },
    ]);
    const { token } = await refresh({ refreshToken: first.refreshToken, device: {} });
    const claims = await verifyFor('bucket')(token);
    expect(claims.services).toEqual({ bucket: { permissions: ['bucket:read'] } });
  });

  test("never brings the administrators' API to a log-in that did not ask for it", async () => {
    const grants = [...alice.grants, { service: 'auth', permissions: ['users:write'] }];
    const { refresh, first, verifyFor } = await loggedIn(undefined, memoryAccounts({ ...alice, grants }));
    await expect(refresh({ refreshToken: first.refreshToken, device: {}, services: ['auth'] })).rejects.toMatchObject({
      code: 'permission_missing',
    });
    const { token } = await refresh({ refreshToken: first.refreshToken, device: {} });
    expect((await verifyFor('bucket')(token)).aud).not.toContain('auth');
  });

  test('narrows the token to services that it names, and never widens it', async () => {
    const { refresh, first, verifyFor } = await loggedIn();
    const narrow = await refresh({ refreshToken: first.refreshToken, device: {}, services: ['user'] });
    expect((await verifyFor('user')(narrow.token)).aud).toEqual(['user']);
    const all = await refresh({ refreshToken: narrow.refreshToken, device: {} });
    expect((await verifyFor('user')(all.token)).aud).toEqual(['bucket', 'user']);
    const { refresh: other, first: bucketOnly } = await loggedIn(['bucket']);
    const wider = other({ refreshToken: bucketOnly.refreshToken, device: {}, services: ['bucket', 'user'] });
    await expect(wider).rejects.toMatchObject({ code: 'permission_missing', message: expect.stringContaining('user') });
  });

  test('says so when nothing is granted any more, and leaves the session', async () => {
    const accounts = memoryAccounts(alice);
    const { refresh, first, sessions } = await loggedIn(undefined, accounts);
    await setGrants(accounts, ALICE_ID, []);
    const refused = refresh({ refreshToken: first.refreshToken, device: {} });
    await expect(refused).rejects.toMatchObject({ code: 'permission_missing', reason: 'not_granted' });
    expect(sessions.live.size).toBe(1);
  });

  test.each(['inactive', 'gone'])('logs out a user who is %s', async (how) => {
    const find: AccountStore['find'] = async (id) =>
      how === 'gone' ? undefined : { ...alice, version: 2, id, active: false };
    const { refreshTokens, ...fixture } = await loggedIn();
    const endSession = async (userId: string, id: string) => void (await fixture.sessions.destroy(userId, id));
    const { mint, clock } = fixture;
    const checkDevice = () => 'same' as const;
    const common = { refreshTokens, endSession, checkDevice, mint, clock, tokenLifetime: 900 };
    const refresh = createRefresh({ ...common, accounts: { find } });
    const refused = refresh({ refreshToken: fixture.first.refreshToken, device: {} });
    await expect(refused).rejects.toMatchObject({ ...sessionExpired, reason: 'inactive' });
    expect(fixture.sessions.live.size).toBe(0);
  });

  test('keeps a token valid through an outage, however long', async () => {
    const { refreshTokens, first, pass } = await loggedIn();
    const presented = { token: first.refreshToken, clientId: OWN_CLIENT };
    const down = refreshTokens.use(presented, () => Promise.reject(new Error('down')));
    await expect(down).rejects.toThrow('down');
    pass(3_600);
    expect((await refreshTokens.use(presented, async () => 'issued')).issued).toBe('issued');
  });

  test('keeps back what was issued for a token that turns out to be used before', async () => {
    const { refreshTokens, refresh, first, pass } = await loggedIn();
    await refresh({ refreshToken: first.refreshToken, device: {} });
    pass(11);
    const use = refreshTokens.use({ token: first.refreshToken, clientId: OWN_CLIENT }, async () => 'issued');
    await expect(use).rejects.toMatchObject(sessionExpired);
  });

  test("refuses another client's refresh token, and changes nothing", async () => {
    const { refreshTokens, refresh, first } = await loggedIn();
    const use = refreshTokens.use({ token: first.refreshToken, clientId: 'other' }, async () => 'issued');
    await expect(use).rejects.toMatchObject({ ...sessionExpired, reason: 'token_unknown' });
    expect(await refresh({ refreshToken: first.refreshToken, device: {} })).toBeDefined();
  });

  test('refuses a forged token of a known session, and does not end it', async () => {
    const { refresh, first, sessions } = await loggedIn();
    const forge = createRefreshTokenFormat({ current: Buffer.alloc(32, 7), previous: [] });
    const session = { userId: ALICE_ID, sessionId: first.session.id };
    for (const generation of [0, 1]) {
      const refused = refresh({ refreshToken: forge.make({ ...session, generation }, 'guess', 'web'), device: {} });
      await expect(refused).rejects.toMatchObject({ ...sessionExpired, reason: 'token_unknown' });
    }
    const foreign = refresh({
      refreshToken: forge.make({ ...session, userId: ADMIN_ID, generation: 0 }, 'guess', 'web'),
      device: {},
    });
    await expect(foreign).rejects.toMatchObject(sessionExpired);
    expect(sessions.live.size).toBe(1);
  });

  test.each([
    ['log', 1, undefined],
    ['step-up', 1, sessionExpired],
    ['revoke', 0, sessionExpired],
  ] as const)('from a changed device is told, and answered by the policy %s', async (name, sessionsLeft, refusal) => {
    const { refresh, first, policy, events, sessions } = await loggedIn();
    policy.device = name;
    const elsewhere = refresh({ refreshToken: first.refreshToken, device: { userAgent: 'curl' } });
    await (refusal === undefined
      ? expect(elsewhere).resolves.toBeDefined()
      : expect(elsewhere).rejects.toMatchObject(refusal));
    expect(events).toMatchObject([{ kind: 'device_changed', changed: ['userAgent'], sessionId: first.session.id }]);
    expect(sessions.live.size).toBe(sessionsLeft);
  });

  test('of a session that is revoked is not said to be valid, though Redis still has it', async () => {
    const { refreshTokens, first, revocations } = await loggedIn();
    expect(await refreshTokens.find(first.refreshToken)).toMatchObject({ isValid: true });
    await revocations.revoke({ kind: 'session', id: first.session.id });
    expect(await refreshTokens.find(first.refreshToken)).toMatchObject({ isValid: false });
  });

  test('waits its turn', async () => {
    const { refresh, first, waits } = await loggedIn();
    waits.refresh = 7;
    const refused = refresh({ refreshToken: first.refreshToken, device: {} });
    await expect(refused).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 7 });
  });

  test('ends with the session', async () => {
    const { refresh, first, sessions } = await loggedIn();
    await sessions.destroy(ALICE_ID, first.session.id);
    await expect(refresh({ refreshToken: first.refreshToken, device: {} })).rejects.toMatchObject({
      ...sessionExpired,
      reason: 'session_over',
    });
    const other = await loggedIn();
    other.pass(7 * 24 * 3_600);
    await expect(other.refresh({ refreshToken: other.first.refreshToken, device: {} })).rejects.toMatchObject(
      sessionExpired,
    );
  });
});
