import { decodeProtectedHeader } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { KEY_DEFAULTS } from '../keys/config.ts';
import { databaseKinds } from '../testing/real-service.ts';
import type { Browser } from './testing/browser.ts';
import { asAdmin } from './testing/platform.ts';
import { authorizationRequest, logIn, startWorld, type TestClient, type World } from './testing/world.ts';

const TIMEOUT_MS = 600_000;
const PATIENCE = { timeout: 120_000, interval: 500 };
const ENOUGH = { burst: 100_000, refillSeconds: 1 };
const BYE = 'https://app.example/bye';

describe('a signing key that is replaced while applications use its tokens', { timeout: TIMEOUT_MS }, () => {
  let world: World;
  let client: TestClient;
  let config: oidc.Configuration;
  let user: Awaited<ReturnType<World['addUser']>>;

  beforeAll(async () => {
    const [kind] = databaseKinds('');
    if (kind === undefined) throw new Error('there is always an embedded database');
    // Nothing is signed by a process that stood still for some polls.
    const keys = { ...KEY_DEFAULTS, publishMs: 1, pollMs: 3_000 };
    const rates = { network: ENOUGH, accountFromNetwork: ENOUGH, account: ENOUGH };
    world = await startWorld(kind, inject('redisUrl'), { keys, rates });
    user = await world.addUser();
    client = await world.addClient({ postLogoutRedirectUris: [BYE] });
    config = await world.configFor(client);
  });
  afterAll(() => world?.close());

  async function authorized(browser: Browser) {
    const { url, checks } = await authorizationRequest(config);
    const page = await browser.get(url);
    const back = page.body.includes('name="password"') ? await logIn(browser, page, user) : page;
    return () => oidc.authorizationCodeGrant(config, back.url, checks);
  }

  async function loggedIn() {
    const browser = world.browser();
    const tokens = await (await authorized(browser))();
    const idToken = tokens.id_token ?? '';
    return { browser, idToken, refreshToken: tokens.refresh_token ?? '', kid: decodeProtectedHeader(idToken).kid };
  }

  async function states(): Promise<ReadonlyMap<string, string>> {
    const { keys } = (await asAdmin(world.service, 'GET', '/v1/keys')).json();
    return new Map(keys.map(({ kid, state }: { kid: string; state: string }) => [kid, state]));
  }

  /** Through the page that asks, to where the application wants its people to be. */
  async function logOut(browser: Browser, parameters: Readonly<Record<string, string>>) {
    const page = await browser.get(oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: BYE, ...parameters }));
    expect(page.body).toContain('Log out?');
    const left = await browser.submit(page, { logout: 'yes' });
    expect((await browser.get((await authorizationRequest(config)).url)).body).toContain('name="password"');
    return left.url.href;
  }

  test('loses no code and no session, and a hint that it signed still logs out', async () => {
    const before = await loggedIn();
    expect((await asAdmin(world.service, 'POST', '/v1/keys/rotate')).statusCode).toBe(202);
    const browser = world.browser();
    // The last code from before the change, which is noticed only afterwards.
    let redeem = await authorized(browser);
    let next = redeem;
    const state = async () => {
      redeem = next;
      next = await authorized(browser);
      return (await states()).get(before.kid ?? '');
    };
    await expect.poll(state, PATIENCE).not.toBe('active');
    await expect.poll(async () => (await loggedIn()).kid, PATIENCE).not.toBe(before.kid);
    const after = await redeem();
    expect(decodeProtectedHeader(after.id_token ?? '').kid).not.toBe(before.kid);
    const refreshed = await oidc.refreshTokenGrant(config, before.refreshToken);
    expect(decodeProtectedHeader(refreshed.access_token).kid).not.toBe(before.kid);
    expect((await states()).get(before.kid ?? '')).toBe('retiring');
    expect(await logOut(before.browser, { id_token_hint: before.idToken })).toBe(BYE);
    const over = oidc.refreshTokenGrant(config, refreshed.refresh_token ?? '');
    await expect(over).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('and is gone stops no log-out: its hint is not used, and the client may name itself', async () => {
    const [first, second] = [await loggedIn(), await loggedIn()];
    const compromised = { compromised: first.kid };
    expect((await asAdmin(world.service, 'POST', '/v1/keys/rotate', compromised)).statusCode).toBe(202);
    await expect.poll(async () => (await states()).get(first.kid ?? ''), PATIENCE).toBe('retired');
    const jwks = async () => (await world.service.publicApp.inject({ url: '/.well-known/jwks.json' })).body;
    await expect.poll(jwks, PATIENCE).not.toContain(first.kid);
    expect(await logOut(first.browser, { id_token_hint: first.idToken, client_id: client.id })).toBe(BYE);
    expect(await logOut(second.browser, { id_token_hint: second.idToken, client_id: '' })).toContain(
      '/oauth/logout/success',
    );
  });
});
