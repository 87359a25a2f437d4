import { SessionError } from '@sekisho/sessions';
import { describe, expect, test } from 'vitest';
import { browserFixture, SHOP } from '../testing/browser-fixture.ts';
import { ALICE_ID, alice } from '../testing/fixture.ts';
import { memoryAccounts, setGrants } from '../testing/memory-accounts.ts';

const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

describe('the log-in page', () => {
  test('logs in by a lasting cookie that scripts, siblings and plain HTTP cannot touch, and goes back', async () => {
    const { browser, cookie, logIn, sessions, registry } = await browserFixture();
    const page = await browser.get('/login?to=%2Fitems%3Fpage%3D2');
    expect(page.status).toBe(200);
    expect(page.body).toContain('to continue to localhost');
    const hidden = /name="csrf" value="([^"]*)"/.exec(page.body)?.[1] ?? '';
    const answer = await browser.request(
      'POST',
      new URL('/login?to=%2Fitems%3Fpage%3D2', SHOP),
      form({ csrf: hidden, email: alice.email, password: 'correct horse' }),
    );
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/items?page=2']);
    expect(cookie()?.attributes).toBe('Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=34560000');
    const [session] = sessions.live.values();
    expect(session).toMatchObject({ userId: ALICE_ID, ip: '127.0.0.1', device: { userAgent: 'a browser of a test' } });
    expect(await registry.render()).toContain('auth_attempts_total{method="browser_password",result="success"} 1');
    expect(await registry.render()).toContain('session_creations_total 1');
    expect((await logIn('correct horse', '/login')).url.pathname).toBe('/');
  });

  test('makes a new cookie at every log-in, and ends the session of the one before', async () => {
    const { logIn, cookie, exchange, sessions } = await browserFixture();
    await logIn();
    const first = cookie()?.value;
    await logIn();
    expect(cookie()?.value).not.toBe(first);
    expect((await exchange(first)).statusCode).toBe(401);
    expect((await exchange(cookie()?.value)).statusCode).toBe(200);
    expect(sessions.live.size).toBe(1);
  });

  test('takes no cookie that it did not make for anybody’s session', async () => {
    const { browser, logIn, cookie } = await browserFixture();
    browser.cookies.set('__Host-sekisho_browser /', { value: 'planted', path: '/', attributes: '' });
    await logIn();
    expect(cookie()?.value).toMatch(/^skb_/);
  });

  test('is shown again after a wrong password, with the address and no session', async () => {
    const { logIn, cookie, sessions, registry } = await browserFixture();
    const page = await logIn('wrong');
    expect(page.status).toBe(403);
    expect(page.body).toContain('role="alert"');
    expect(page.body).toContain(`value="${alice.email}"`);
    expect([cookie(), sessions.live.size]).toEqual([undefined, 0]);
    expect(await registry.render()).toContain(
      'auth_failures_total{method="browser_password",reason="wrong_password"} 1',
    );
  });

  test('is limited as every other log-in', async () => {
    const { logIn } = await browserFixture({ bursts: { accountFromNetwork: 1 } });
    await logIn('wrong');
    const page = await logIn();
    expect(page.status).toBe(429);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('tells who has no service that there is none for them', async () => {
    const accounts = memoryAccounts(alice);
    const { logIn, cookie } = await browserFixture({ accounts });
    await setGrants(accounts, ALICE_ID, []);
    const page = await logIn();
    expect(page.status).toBe(403);
    expect(page.body).toContain('may not use anything here yet');
    expect(cookie()).toBeUndefined();
  });

  test('is told in the language of the browser, or the one that was chosen', async () => {
    const { browser } = await browserFixture();
    const japanese = await browser.request('GET', new URL('/login', SHOP), undefined, { 'accept-language': 'ja' });
    expect(japanese.body).toContain('<html lang="ja">');
    const chosen = await browser.get('/login?to=%2Fa&lang=ja');
    expect(chosen.body).toContain('action="?to=%2Fa&amp;lang=ja"');
    expect(chosen.body).toContain('href="?to=%2Fa&amp;lang=en"');
  });

  test.each(['//evil.example', '/\\evil.example', 'https://evil.example'])('leads to no other host: %s', async (to) => {
    const { browser } = await browserFixture();
    const page = await browser.get(`/login?to=${encodeURIComponent(to)}`);
    expect(page.status).toBe(400);
    expect(page.body).toContain('to must be a path of this host');
    expect(page.body).not.toContain('evil');
  });
});

describe('a form of another site', () => {
  test('logs nobody in: without the cookie of the page, with another one, or when the browser says so', async () => {
    const { browser, sessions } = await browserFixture();
    const url = new URL('/login', SHOP);
    const typed = { email: alice.email, password: 'correct horse' };
    const without = await browser.request('POST', url, form({ ...typed, csrf: 'x' }));
    const page = await browser.get('/login');
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.body)?.[1] ?? '';
    const forged = await browser.request('POST', url, form({ ...typed, csrf: `${csrf}x` }));
    const told = await browser.request('POST', url, form({ ...typed, csrf }), { 'sec-fetch-site': 'cross-site' });
    const empty = await browser.request('POST', url);
    expect([without, forged, told, empty].map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect(sessions.live.size).toBe(0);
  });

  test('logs nobody out', async () => {
    const { browser, logIn, cookie, sessions } = await browserFixture();
    await logIn();
    for (const headers of [
      {},
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const answer = await browser.request('POST', new URL('/logout', SHOP), undefined, headers);
      expect(answer.status).toBe(403);
    }
    expect(cookie()).toBeDefined();
    expect(sessions.live.size).toBe(1);
  });
});

describe('logging out', () => {
  const ownPage = { 'sec-fetch-site': 'same-origin' };

  test('ends the session at once, and takes the cookie away', async () => {
    const { browser, logIn, cookie, sessions, exchange, revocations } = await browserFixture();
    await logIn();
    const value = cookie()?.value;
    const [session] = sessions.live.values();
    const answer = await browser.request('POST', new URL('/logout', SHOP), undefined, ownPage);
    expect([answer.status, answer.body.includes('Logged out')]).toEqual([200, true]);
    expect(cookie()).toBeUndefined();
    expect(revocations.revoked).toMatchObject([{ kind: 'session', id: session?.id }]);
    expect((await exchange(value)).statusCode).toBe(401);
  });

  test('refuses a session that nobody knows any more, and none by a cookie that is not ours', async () => {
    const { browser, logIn, cookie, sessions, revocations } = await browserFixture();
    await logIn();
    const [session] = sessions.live.values();
    const kept = cookie();
    await sessions.destroy(ALICE_ID, session?.id ?? '');
    const logOut = async (value: string) => {
      browser.cookies.set('__Host-sekisho_browser /', { value, path: '/', attributes: '' });
      return (await browser.request('POST', new URL('/logout', SHOP), '', ownPage)).status;
    };
    const text = Buffer.from((kept?.value ?? '').slice('skb_'.length), 'base64url').toString();
    const forged = text.replace(session?.id ?? '', 'another');
    expect(await logOut(`skb_${Buffer.from(forged).toString('base64url')}`)).toBe(200);
    expect(revocations.revoked).toEqual([]);
    expect(await logOut(kept?.value ?? '')).toBe(200);
    expect(revocations.revoked).toMatchObject([{ kind: 'session', id: session?.id }]);
  });

  test('ends the session also when somebody planted another cookie beside it', async () => {
    const { browser, logIn, cookie, sessions } = await browserFixture();
    await logIn();
    browser.cookies.set('__Host-sekisho_browser /login', { value: 'planted', path: '/', attributes: '' });
    expect((await browser.request('POST', new URL('/logout', SHOP), '', ownPage)).status).toBe(200);
    expect(cookie()).toBeUndefined();
    expect(sessions.live.size).toBe(0);
  });

  test('leads to where it is asked to on this host, also for who is not logged in', async () => {
    const { browser } = await browserFixture();
    const to = async (path: string) =>
      browser.request('POST', new URL(`/logout?to=${encodeURIComponent(path)}`, SHOP), '', ownPage);
    const answer = await to('/bye');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/bye']);
    expect((await to('//evil.example')).status).toBe(400);
  });

  test('knows its own pages by their Origin where a browser says nothing better', async () => {
    const { browser, logIn, sessions } = await browserFixture();
    await logIn();
    const own = { host: 'shop.example', origin: 'http://shop.example' };
    expect((await browser.request('POST', new URL('/logout', SHOP), '', own)).status).toBe(200);
    expect(sessions.live.size).toBe(0);
  });

  test('leaves the cookie when the session cannot be ended', async () => {
    const { browser, logIn, cookie, revocations } = await browserFixture();
    await logIn();
    revocations.failNext(new SessionError('redis_unavailable', 'away'));
    const answer = await browser.request('POST', new URL('/logout', SHOP), '', ownPage);
    expect(answer.status).toBe(503);
    expect(cookie()).toBeDefined();
  });
});
