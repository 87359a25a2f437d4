import * as oidc from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { databaseKinds, untilReady } from '../testing/real-service.ts';
import type { Browser } from './testing/browser.ts';
import {
  authorizationRequest,
  CALLBACK,
  ISSUER,
  logIn,
  startWorld,
  type TestClient,
  type World,
} from './testing/world.ts';

const [kind] = databaseKinds('');

describe.runIf(kind !== undefined)('attacks on the authorization code flow', () => {
  let world: World;
  let shop: TestClient;
  let config: oidc.Configuration;
  let user: Awaited<ReturnType<World['addUser']>>;

  beforeAll(async () => {
    if (kind === undefined) return;
    world = await startWorld(kind, inject('redisUrl'));
    user = await world.addUser();
    shop = await world.addClient({});
    config = await world.configFor(shop);
  });
  // Many requests at once may have cost the connection to Redis.
  beforeEach(() => untilReady(world.service));
  afterAll(() => world?.close());

  async function loggedIn(browser: Browser = world.browser()) {
    const { url, checks, verifier } = await authorizationRequest(config);
    const page = await browser.get(url);
    const back = page.url.origin === ISSUER ? await logIn(browser, page, user) : page;
    return { back, checks, verifier, code: back.url.searchParams.get('code') ?? '' };
  }

  function token(body: Record<string, string> | string, secret = shop.secret, id = shop.id) {
    return world.service.publicApp.inject({
      method: 'POST',
      url: '/oauth/token',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      payload: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
    });
  }

  const exchange = ({ code, verifier }: { code: string; verifier: string }, overrides = {}) =>
    token({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK, ...overrides });

  test('a code that 100 use at once brings at most one token, and that one is taken back', async () => {
    const flow = await loggedIn();
    const answers = await Promise.all(Array.from({ length: 100 }, () => exchange(flow)));
    const good = answers.filter(({ statusCode }) => statusCode === 200);
    expect(good.length).toBeLessThanOrEqual(1);
    for (const answer of answers.filter(({ statusCode }) => statusCode !== 200)) {
      // Under load some are not even looked at.
      expect(['invalid_grant', 'temporarily_unavailable']).toContain(answer.json().error);
    }
    for (const answer of good) {
      const refresh = oidc.refreshTokenGrant(config, answer.json().refresh_token);
      await expect(refresh).rejects.toMatchObject({ error: 'invalid_grant' });
    }
  });

  test('a code that is used again ends what the first use brought', async () => {
    const browser = world.browser();
    const flow = await loggedIn(browser);
    const first = await exchange(flow);
    expect(first.statusCode).toBe(200);
    expect((await exchange(flow)).json()).toMatchObject({ error: 'invalid_grant' });
    const refresh = oidc.refreshTokenGrant(config, first.json().refresh_token);
    await expect(refresh).rejects.toMatchObject({ error: 'invalid_grant' });
    const { url } = await authorizationRequest(config);
    expect((await browser.get(url)).body).toContain('name="password"');
  });

  test.each([
    [{ code_verifier: 'a'.repeat(43) }, 'invalid_grant'],
    [{ code_verifier: '' }, 'invalid_request'],
    [{ redirect_uri: `${CALLBACK}/` }, 'invalid_grant'],
    [{ code: 'x'.repeat(43) }, 'invalid_grant'],
    [{ code: '{}:*' }, 'invalid_grant'],
  ])(
    'a stolen code without what belongs to it brings nothing, and stays good for its owner (%j)',
    async (wrong, error) => {
      const flow = await loggedIn();
      expect((await exchange(flow, wrong)).json()).toMatchObject({ error });
      expect((await exchange(flow)).statusCode).toBe(200);
    },
  );

  test('a code is for one client only', async () => {
    const other = await world.addClient({});
    const { code, verifier } = await loggedIn();
    const body = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK };
    expect((await token(body, other.secret, other.id)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  test.each([{ code_challenge: '' }, { code_challenge_method: 'plain' }, { code_challenge_method: '' }])(
    'a request without PKCE by S256 is refused (%j)',
    async (wrong) => {
      const { url } = await authorizationRequest(config, wrong);
      const answer = await world.browser().get(url);
      expect(answer.url.searchParams.get('error')).toBe('invalid_request');
      expect(answer.url.searchParams.get('iss')).toBe(ISSUER);
    },
  );

  test.each([
    'https://app.example.evil.example/callback',
    'https://app.example/callback/../evil',
    'https://app.example/callback?next=https://evil.example',
    'https://app.example@evil.example/callback',
    'https://APP.example/callback#',
    'http://app.example/callback',
    '//evil.example/callback',
    'javascript:alert(1)',
    'https://app.example:444/callback',
  ])('nobody is sent to %s', async (redirectUri) => {
    const { url } = await authorizationRequest(config, { redirect_uri: redirectUri });
    const answer = await world.browser().get(url);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.body).toContain('invalid_redirect_uri');
  });

  test('an answer tells who it is from, so that it is not taken for another server’s (RFC 9207)', async () => {
    const { back } = await loggedIn();
    expect(back.url.searchParams.get('iss')).toBe(ISSUER);
  });

  test('a form is taken from its own page, browser and interaction only', async () => {
    const browser = world.browser();
    const page = await browser.get((await authorizationRequest(config)).url);
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const form = new URLSearchParams({ do: 'log-in', email: user.email, password: user.password, csrf });
    const without = new URLSearchParams(form);
    without.delete('csrf');
    const forged = new URLSearchParams({ ...Object.fromEntries(form), csrf: `${csrf.slice(0, -1)}x` });
    for (const body of [without, forged]) {
      expect((await browser.request('POST', page.url, body.toString())).status).toBe(400);
    }
    const crossSite = await browser.request('POST', page.url, form.toString(), { 'sec-fetch-site': 'cross-site' });
    expect(crossSite.status).toBe(400);
    expect((await world.browser().request('POST', page.url, form.toString())).status).toBe(400);
    const other = world.browser();
    await other.get((await authorizationRequest(config)).url);
    expect((await other.request('POST', page.url, form.toString())).status).toBe(400);
    expect((await browser.request('POST', page.url, `${form}&email=evil@example.org`)).status).toBe(400);
    expect((await browser.request('POST', page.url, form.toString())).status).toBe(303);
  });

  test('a log-in changes the cookie: one that somebody else set is worth nothing afterwards', async () => {
    const browser = world.browser();
    const sessionCookie = () => browser.cookies.get('__Host-sekisho_session /')?.value;
    await loggedIn(browser);
    const before = sessionCookie();
    const { url } = await authorizationRequest(config, { prompt: 'login' });
    await logIn(browser, await browser.get(url), user);
    expect(sessionCookie()).not.toBe(before);
    const planted = world.browser();
    const { url: fresh } = await authorizationRequest(config);
    planted.cookies.set('__Host-sekisho_session /', { value: before ?? '', path: '/', attributes: '' });
    expect((await planted.get(fresh)).body).toContain('name="password"');
  });

  test('cookies are for this host, over https, out of the reach of scripts and other sites', async () => {
    const browser = world.browser();
    await loggedIn(browser);
    await browser.get((await authorizationRequest(config, { prompt: 'login' })).url);
    const names = [...browser.cookies.keys()].map((key) => key.split(' ', 1)[0]);
    expect(names).toContain('__Host-sekisho_session');
    expect(names).toContain('__Secure-sekisho_interaction');
    for (const [key, { attributes, path }] of browser.cookies) {
      expect(attributes, key).toMatch(/secure/i);
      expect(attributes, key).toMatch(/httponly/i);
      expect(attributes, key).toMatch(/samesite=lax/i);
      expect(attributes, key).not.toMatch(/domain/i);
      if (key.startsWith('__Host-')) expect(path).toBe('/');
    }
  });

  test('a page runs no script, is in no frame, tells nobody where it was and is kept by nobody', async () => {
    const page = await world.browser().get((await authorizationRequest(config)).url);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self' https://app.example");
    expect(policy).not.toContain('unsafe');
    expect(page.body).not.toMatch(/<script|\son\w+=|style="/i);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('x-frame-options')).toBe('DENY');
  });

  test('what a request says of its host reaches no link', async () => {
    const forged = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' };
    const { publicApp } = world.service;
    const discovery = await publicApp.inject({ url: '/.well-known/openid-configuration', headers: forged });
    expect(discovery.json()).toMatchObject({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/oauth/authorize`,
      token_endpoint: `${ISSUER}/oauth/token`,
      revocation_endpoint: `${ISSUER}/oauth/revoke`,
      response_modes_supported: ['query'],
      code_challenge_methods_supported: ['S256'],
    });
    const { url } = await authorizationRequest(config);
    const started = await publicApp.inject({ url: `${url.pathname}${url.search}`, headers: forged });
    expect(started.headers.location).toMatch(/^\/oauth\/interaction\//);
    expect(`${discovery.body}${started.body}`).not.toContain('evil');
  });

  test('a response by a form that a script would submit is none of ours', async () => {
    const { url } = await authorizationRequest(config, { response_mode: 'form_post' });
    const answer = await world.browser().get(url);
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain('<script');
  });

  test.each([
    'grant_type=client_credentials&grant_type=authorization_code',
    `grant_type=authorization_code&code=a&code=b&redirect_uri=${encodeURIComponent(CALLBACK)}&code_verifier=x`,
    'grant_type=authorization_code&client_id=a&client_id=b',
    'grant_type[]=authorization_code',
  ])('a parameter that comes twice is refused (%s)', async (body) => {
    const answer = await token(body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toBe('invalid_request');
  });

  test('parameters that come twice to the authorization endpoint are refused, and nobody is redirected', async () => {
    const { url } = await authorizationRequest(config);
    for (const name of ['client_id', 'redirect_uri']) {
      const twice = new URL(url);
      twice.searchParams.append(name, 'https://evil.example/');
      const answer = await world.browser().get(twice);
      expect(answer.status).toBe(400);
      expect(answer.body).not.toContain('evil.example');
    }
  });

  test('more than a request can need is refused', async () => {
    expect((await token(`grant_type=authorization_code&code=${'x'.repeat(100_000)}`)).statusCode).toBe(400);
    const { url } = await authorizationRequest(config);
    url.searchParams.set('resource', 'x'.repeat(9_000));
    const answer = await world.browser().get(url);
    expect(answer.url.searchParams.get('error')).toBe('invalid_target');
  });

  test('a wrong password is told on the page, and after some there is a wait', async () => {
    const victim = await world.addUser();
    const browser = world.browser();
    let page = await browser.get((await authorizationRequest(config)).url);
    const wrong = { email: victim.email, password: 'wrong' };
    page = await logIn(browser, page, wrong);
    expect(page.status).toBe(403);
    expect(page.body).toContain('The e-mail address or the password is wrong.');
    expect(page.body).toContain(`value="${victim.email}"`);
    expect(page.body).not.toContain('value="wrong"');
    for (let attempt = 0; page.status === 403 && attempt < 20; attempt += 1) page = await logIn(browser, page, wrong);
    expect(page.status).toBe(429);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(page.body).toContain('Too many attempts. Please try again in');
  });

  test('after logging out nobody is sent where the application did not register', async () => {
    const url = `/oauth/logout?client_id=${shop.id}&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F`;
    const answer = await world.browser().get(url);
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain('evil.example');
  });
});
