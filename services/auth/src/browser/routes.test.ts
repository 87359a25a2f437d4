import { describe, expect, test } from 'vitest';
import { createRefreshTokenFormat } from '../refresh/refresh-token.ts';
import { browserFixture, TOKEN_URL } from '../testing/browser-fixture.ts';
import { ALICE_ID, alice } from '../testing/fixture.ts';
import { memoryAccounts, setGrants } from '../testing/memory-accounts.ts';
import { createBrowserCookieFormat } from './browser-cookie.ts';

async function loggedIn(accounts = memoryAccounts(alice)) {
  const fixture = await browserFixture({ accounts });
  await fixture.logIn();
  const cookie = fixture.cookie()?.value ?? '';
  expect(cookie).toMatch(/^skb_/);
  const [session] = fixture.sessions.live.values();
  if (session === undefined) throw new Error('nobody is logged in');
  return { ...fixture, value: cookie, session };
}

const over = { status: 401, code: 'session_expired' };

describe('the cookie of a browser', () => {
  test('brings the guard an access token of its session, for all that is granted now', async () => {
    const accounts = memoryAccounts({
      ...alice,
      grants: [...alice.grants, { service: 'auth', permissions: ['keys:read'] }],
    });
    const { exchange, value, session, verifyFor, registry } = await loggedIn(accounts);
    const answer = await exchange(value);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 900 });
    const claims = await verifyFor('bucket')(answer.json().access_token);
    expect(claims).toMatchObject({ sub: ALICE_ID, aud: ['bucket', 'user'], session: { id: session.id } });
    await setGrants(accounts, ALICE_ID, [{ service: 'user', permissions: [] }]);
    expect((await verifyFor('user')((await exchange(value)).json().access_token)).aud).toEqual(['user']);
    expect(await registry.render()).toContain('auth_attempts_total{method="browser_cookie",result="success"} 2');
  });

  test('is worth nothing once its session ended, is revoked, or was not used for a week', async () => {
    const ended = await loggedIn();
    await ended.sessions.destroy(ALICE_ID, ended.session.id);
    expect((await ended.exchange(ended.value)).json()).toMatchObject(over);
    const revoked = await loggedIn();
    await revoked.revocations.revoke({ kind: 'session', id: revoked.session.id });
    expect((await revoked.exchange(revoked.value)).json()).toMatchObject(over);
    const unused = await loggedIn();
    unused.time.now = new Date(unused.time.now.getTime() + 7 * 86_400_000);
    expect((await unused.exchange(unused.value)).json()).toMatchObject(over);
  });

  test('is good for as long as its session is used, and browsers keep it meanwhile', async () => {
    const { cookie, exchange, value, session, sessions, time } = await loggedIn();
    for (const _ of [1, 2, 3]) {
      time.now = new Date(time.now.getTime() + 6 * 86_400_000);
      expect((await exchange(value)).statusCode).toBe(200);
      await sessions.touch(ALICE_ID, session.id);
    }
    expect(cookie()?.attributes).toContain('Max-Age=34560000');
  });

  test('of a user who may not log in any more is worth nothing, and the session ends', async () => {
    const accounts = memoryAccounts(alice);
    const find = accounts.find.bind(accounts);
    let active = true;
    accounts.find = async (id) => {
      const account = await find(id);
      return account && { ...account, active };
    };
    const { exchange, value, sessions } = await loggedIn(accounts);
    active = false;
    expect((await exchange(value)).json()).toMatchObject(over);
    expect(sessions.live.size).toBe(0);
  });

  test('of a user to whom nothing is granted any more is worth nothing, and the session stays', async () => {
    const accounts = memoryAccounts(alice);
    const { exchange, value, sessions } = await loggedIn(accounts);
    await setGrants(accounts, ALICE_ID, []);
    expect((await exchange(value)).json()).toMatchObject(over);
    expect(sessions.live.size).toBe(1);
  });

  test('is not made by who knows the key and not the secret of the session, nor from its refresh tokens', async () => {
    const { exchange, session, value, login } = await loggedIn();
    const keys = { current: Buffer.alloc(32, 7), previous: [] };
    const content = { userId: ALICE_ID, sessionId: session.id };
    const forged = createBrowserCookieFormat(keys).make(content, 'guess');
    const refresh = createRefreshTokenFormat(keys).make({ ...content, generation: 0 }, 'guess', 'web');
    const other = await login({ email: alice.email, password: 'correct horse', device: {}, ip: '192.0.2.1' });
    const changed = `${value.slice(0, -2)}${value.endsWith('AA') ? 'BB' : 'AA'}`;
    for (const text of [forged, refresh, refresh.replace('skr_', 'skb_'), other.refreshToken, changed, 'x']) {
      expect((await exchange(text)).json()).toMatchObject(over);
    }
    expect((await exchange(value)).statusCode).toBe(200);
  });

  test('is asked of Redis only if we made it: whoever guesses is no load on it', async () => {
    const { exchange, value, finds } = await loggedIn();
    const { length } = finds;
    const text = Buffer.from(value.slice('skb_'.length), 'base64url').toString();
    const guess = text.replace(/^2\.[^.]+/, '2.somebody-else');
    expect((await exchange(`skb_${Buffer.from(guess).toString('base64url')}`)).json()).toMatchObject(over);
    expect(finds).toHaveLength(length);
    await exchange(value);
    expect(finds.slice(length)).toEqual([ALICE_ID]);
  });

  test.each([undefined, '', 7, 'x'.repeat(513), ['a']])('must be a bounded text: %j', async (cookie) => {
    const { exchange } = await browserFixture();
    expect((await exchange(cookie)).json()).toMatchObject({ status: 400, code: 'request_invalid' });
  });

  test('is exchanged for the guard alone', async () => {
    const { app, exchange, value, cluster, login } = await loggedIn();
    const user = await login({ email: alice.email, password: 'correct horse', device: {}, ip: '192.0.2.1' });
    expect((await exchange(value, await cluster.token('bucket'))).json()).toMatchObject({ code: 'permission_missing' });
    expect((await exchange(value, user.token)).json()).toMatchObject({ status: 401, code: 'token_invalid' });
    const nobody = await app.inject({ method: 'POST', url: TOKEN_URL, payload: { cookie: value } });
    expect(nobody.json()).toMatchObject({ status: 401, code: 'token_missing' });
  });
});
