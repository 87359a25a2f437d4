import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseKinds, logIn as logInAtService } from '../testing/real-service.ts';
import { authorizationRequest, ISSUER, logIn, startWorld, type World } from './testing/world.ts';

const [kind] = databaseKinds('');

describe.runIf(kind !== undefined)('userinfo', () => {
  let world: World;

  beforeAll(async () => {
    if (kind !== undefined) world = await startWorld(kind, inject('redisUrl'));
  });
  afterAll(() => world?.close());

  test('tells who logged in, and nothing without a token', async () => {
    const user = await world.addUser();
    const config = await world.configFor(await world.addClient({}));
    const { url, checks } = await authorizationRequest(config);
    const browser = world.browser();
    const back = await logIn(browser, await browser.get(url), user);
    const tokens = await oidc.authorizationCodeGrant(config, back.url, checks);
    expect(await oidc.fetchUserInfo(config, tokens.access_token, user.id)).toEqual({ sub: user.id, email: user.email });
    await expect(oidc.fetchUserInfo(config, 'x.y.z', user.id)).rejects.toThrow();
    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(await oidc.fetchUserInfo(config, refreshed.access_token, user.id)).toMatchObject({ sub: user.id });
  });

  test('tells nothing to an application that did not ask for openid', async () => {
    const user = await world.addUser();
    const config = await world.configFor(await world.addClient({}));
    const asked = { scope: 'bucket:read', resource: `${ISSUER}/services/bucket` };
    const { url, checks } = await authorizationRequest(config, asked);
    // It is for ID tokens alone.
    url.searchParams.delete('nonce');
    const { pkceCodeVerifier, expectedState } = checks;
    const browser = world.browser();
    const back = await logIn(browser, await browser.get(url), user);
    const tokens = await oidc.authorizationCodeGrant(config, back.url, { pkceCodeVerifier, expectedState });
    const { email, password } = user;
    const own = (await logInAtService(world.service, { email, password })).json();
    for (const token of [tokens.access_token, own.access_token]) {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await world.service.publicApp.inject({ url: '/oauth/userinfo', headers });
      expect(answer.json()).toMatchObject({ status: 403, code: 'insufficient_scope' });
      const challenge = 'Bearer realm="sekisho", error="insufficient_scope", scope="openid"';
      expect(answer.headers['www-authenticate']).toBe(challenge);
      expect(answer.body).not.toContain(user.email);
    }
  });
});
