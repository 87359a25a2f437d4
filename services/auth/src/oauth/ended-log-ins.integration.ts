import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { databaseKinds } from '../testing/real-service.ts';
import type { Answer } from './testing/browser.ts';
import { asAdmin } from './testing/platform.ts';
import { authorizationRequest, logIn, startWorld, type World } from './testing/world.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const PATIENCE = { timeout: 60_000, interval: 50 };

describe('a log-in that is over', () => {
  let world: World;
  let config: oidc.Configuration;

  beforeAll(async () => {
    const [kind] = databaseKinds('');
    if (kind === undefined) throw new Error('there is always an embedded database');
    world = await startWorld(kind, inject('redisUrl'));
    config = await world.configFor(await world.addClient({}));
  });
  afterAll(() => world?.close());

  type User = Awaited<ReturnType<World['addUser']>>;

  const resetPassword = (user: User) =>
    asAdmin(world.service, 'PUT', `/v1/users/${user.id}/password`, { password: user.password });
  const revokeUser = (user: User) => asAdmin(world.service, 'POST', '/v1/revocations', { user: user.id });

  async function authorized(user: User) {
    const browser = world.browser();
    const { url, checks } = await authorizationRequest(config);
    const back = await logIn(browser, await browser.get(url), user);
    return { browser, redeem: () => oidc.authorizationCodeGrant(config, back.url, checks) };
  }

  /** What a new authorization request of the browser leads to. */
  const next = async (browser: { get(url: URL): Promise<Answer> }) =>
    browser.get((await authorizationRequest(config)).url);

  /** A device that a person allowed, and that has not asked for its tokens yet. */
  async function allowedDevice(user: User) {
    const client = await world.addClient({ authMethod: 'none', grantTypes: [DEVICE], redirectUris: [] });
    const device = await world.configFor(client, oidc.None());
    const started = await oidc.initiateDeviceAuthorization(device, { scope: 'openid' });
    const browser = world.browser();
    const typed = await browser.get(started.verification_uri_complete ?? '');
    const confirm = await browser.submit(typed, { user_code: started.user_code });
    await logIn(browser, await browser.submit(confirm, { confirm: 'yes' }), user);
    const { device_code } = started;
    return { browser, redeem: () => oidc.genericGrantRequest(device, DEVICE, { device_code }) };
  }

  test.each([
    ['whose password is reset', resetPassword],
    ['whose everything is revoked', revokeUser],
  ] as const)('brings nothing to a user %s: no code, no device and no cookie', async (_, end) => {
    const user = await world.addUser();
    const [shop, device] = [await authorized(user), await allowedDevice(user)];
    expect([200, 204]).toContain((await end(user)).statusCode);
    // The reader follows within moments; until then a log-in is the same as before.
    await expect.poll(async () => (await next(shop.browser)).body, PATIENCE).toContain('name="password"');
    expect((await next(device.browser)).body).toContain('name="password"');
    await expect(shop.redeem()).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(device.redeem()).rejects.toMatchObject({ error: 'invalid_grant' });
    // Whoever logs in within the second of a revocation is told to come back.
    await vi.waitFor(async () => (await authorized(user)).redeem(), PATIENCE);
    await vi.waitFor(async () => (await allowedDevice(user)).redeem(), PATIENCE);
  });

  test('brings no new session by a code that waits, when its application’s session was ended', async () => {
    const user = await world.addUser();
    const { browser, redeem } = await authorized(user);
    const { access_token } = await redeem();
    const { url, checks } = await authorizationRequest(config);
    const straight = await browser.get(url);
    expect(straight.url.searchParams.get('code')).not.toBeNull();
    const headers = { authorization: `Bearer ${access_token}` };
    const { publicApp } = world.service;
    const ended = await publicApp.inject({ method: 'DELETE', url: '/v1/sessions/current', headers });
    expect(ended.statusCode).toBe(204);
    const late = oidc.authorizationCodeGrant(config, straight.url, checks);
    await expect(late).rejects.toMatchObject({ error: 'invalid_grant' });
    const page = await next(browser);
    expect(page.body).toContain('name="password"');
    expect((await logIn(browser, page, user)).url.searchParams.get('code')).not.toBeNull();
  });
});
