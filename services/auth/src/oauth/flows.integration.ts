import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseKinds } from '../testing/real-service.ts';
import { authorizationRequest, CALLBACK, ISSUER, logIn, startWorld, type World } from './testing/world.ts';

const [kind] = databaseKinds('');
function never(): never {
  throw new Error('there is always an embedded database');
}

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

describe.runIf(kind !== undefined)('OAuth flows with openid-client', () => {
  let world: World;
  const told: { url: string; body: string }[] = [];

  beforeAll(async () => {
    const fetch: typeof globalThis.fetch = async (url, init) => {
      told.push({ url: String(url), body: String(init?.body) });
      return new Response(null, { status: 204 });
    };
    if (kind !== undefined) world = await startWorld(kind, inject('redisUrl'), { fetch });
  });
  afterAll(() => world?.close());

  test('client credentials: a token for the client itself, with a secret in a header or in the body', async () => {
    const grants = [
      { service: 'bucket', permissions: ['bucket:read'] },
      { service: 'auth', permissions: ['users:read'] },
    ];
    for (const [authMethod, auth] of [
      ['client_secret_basic', oidc.ClientSecretBasic],
      ['client_secret_post', oidc.ClientSecretPost],
    ] as const) {
      const client = await world.addClient({
        authMethod,
        grantTypes: ['client_credentials'],
        redirectUris: [],
        grants,
      });
      const config = await world.configFor(client, auth(client.secret));
      const { access_token, expires_in } = await oidc.clientCredentialsGrant(config);
      expect(expires_in).toBe(300);
      const claims = await world.claimsOf(access_token, 'bucket');
      expect(claims).toMatchObject({ sub: client.id, client_id: client.id, aud: ['bucket'] });
      expect(claims.services).toEqual({ bucket: { permissions: ['bucket:read'] } });
      expect([claims.user, claims.session]).toEqual([undefined, undefined]);
      const admin = await oidc.clientCredentialsGrant(config, { resource: `${ISSUER}/services/auth` });
      expect((await world.claimsOf(admin.access_token, 'auth')).services).toEqual({
        auth: { permissions: ['users:read'] },
      });
    }
  });

  test('client credentials: nothing that is not granted', async () => {
    const client = await world.addClient({ grantTypes: ['client_credentials'], redirectUris: [] });
    const config = await world.configFor(client);
    await expect(oidc.clientCredentialsGrant(config)).rejects.toMatchObject({ error: 'invalid_target' });
    const resource = `${ISSUER}/services/bucket`;
    await expect(oidc.clientCredentialsGrant(config, { resource })).rejects.toMatchObject({ error: 'invalid_target' });
  });

  test('private_key_jwt: a client proves who it is without a secret', async () => {
    const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
    ]);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
    const client = await world.addClient({
      authMethod: 'private_key_jwt',
      keys: [{ kty, crv, x, y, alg: 'ES256' }],
      grantTypes: ['client_credentials'],
      redirectUris: [],
      grants: [{ service: 'bucket', permissions: ['bucket:read'] }],
    });
    const config = await world.configFor(client, oidc.PrivateKeyJwt(privateKey));
    const { access_token } = await oidc.clientCredentialsGrant(config);
    expect((await world.claimsOf(access_token, 'bucket')).sub).toBe(client.id);
  });

  test('pushed authorization requests: the browser carries only a reference', async () => {
    const user = await world.addUser();
    const config = await world.configFor(await world.addClient({}));
    const { url, checks } = await authorizationRequest(config);
    const pushed = await oidc.buildAuthorizationUrlWithPAR(config, Object.fromEntries(url.searchParams));
    expect([...pushed.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    const browser = world.browser();
    const back = await logIn(browser, await browser.get(pushed), user);
    await oidc.authorizationCodeGrant(config, back.url, checks);
    expect((await world.browser().get(pushed)).body).toContain('invalid_request_uri');
  });

  test('device flow: a person connects a device that has no browser', async () => {
    const user = await world.addUser();
    const client = await world.addClient({
      name: 'Living room TV',
      authMethod: 'none',
      grantTypes: [DEVICE],
      redirectUris: [],
    });
    const config = await world.configFor(client, oidc.None());
    const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid' });
    expect(device.user_code).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);

    const browser = world.browser();
    const typed = await browser.get(device.verification_uri_complete ?? '');
    expect(typed.body).toContain(`value="${device.user_code}"`);
    const confirm = await browser.submit(typed, { user_code: device.user_code });
    expect(confirm.body).toContain('Connect Living room TV?');
    expect(confirm.body).toContain(device.user_code);
    const login = await browser.submit(confirm, { confirm: 'yes' });
    const done = await logIn(browser, login, user);
    expect(done.body, done.body).toContain('Living room TV is connected');

    const tokens = await oidc.pollDeviceAuthorizationGrant(config, device);
    expect(tokens.claims()?.sub).toBe(user.id);
    expect(await world.claimsOf(tokens.access_token, 'bucket')).toMatchObject({ sub: user.id, client_id: client.id });
  });

  test('device flow: what the person does not allow is refused', async () => {
    const client = await world.addClient({ authMethod: 'none', grantTypes: [DEVICE], redirectUris: [] });
    const config = await world.configFor(client, oidc.None());
    const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid' });
    const browser = world.browser();
    const confirm = await browser.submit(await browser.get('/oauth/device'), { user_code: device.user_code });
    expect((await browser.submit(confirm, { abort: 'yes' })).body).toContain('The device was not connected');
    await expect(oidc.pollDeviceAuthorizationGrant(config, device)).rejects.toMatchObject({ error: 'access_denied' });
  });

  test('device flow: a code that nobody was given is told so, and who asks too often has to wait', async () => {
    const client = await world.addClient({ authMethod: 'none', grantTypes: [DEVICE], redirectUris: [] });
    const config = await world.configFor(client, oidc.None());
    const browser = world.browser();
    const refused = await browser.submit(await browser.get('/oauth/device'), { user_code: 'BBBB-BBBB' });
    expect(refused.body).toContain('There is no such code');
    const { device_code } = await oidc.initiateDeviceAuthorization(config, { scope: 'openid' });
    const poll = () => oidc.genericGrantRequest(config, DEVICE, { device_code });
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending' });
    // Whoever stood still in between has waited.
    const error = () => poll().catch((refusal: { error?: unknown }) => refusal.error);
    await expect.poll(error, { timeout: 60_000, interval: 1 }).toBe('slow_down');
  });

  test('device flow: nobody finds a code by trying', async () => {
    const trusting = await startWorld(databaseKinds('')[0] ?? never(), inject('redisUrl'));
    const browser = trusting.browser();
    const page = await browser.get('/oauth/device');
    const tries = [];
    // One more is allowed for each quarter of a minute that it takes.
    for (let attempt = 0; attempt < 100 && tries.at(-1)?.status !== 429; attempt += 1)
      tries.push(await browser.submit(page, { user_code: 'BBBB-BBBB' }));
    expect(tries.at(-1)?.status).toBe(429);
    expect(tries.length).toBeGreaterThan(20);
    expect(Number(tries.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0);
    await trusting.close();
  });

  test('introspection tells a client of its own tokens, a service of those for it, and others nothing', async () => {
    const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
    const add = async (own: object[]) =>
      world.configFor(await world.addClient({ grantTypes: ['client_credentials'], redirectUris: [], grants: own }));
    const [owner, service, other] = await Promise.all([
      add(grants),
      add(grants),
      add([{ service: 'user', permissions: [] }]),
    ]);
    const { access_token } = await oidc.clientCredentialsGrant(owner);
    expect(await oidc.tokenIntrospection(owner, access_token)).toMatchObject({ active: true, aud: ['bucket'] });
    expect(await oidc.tokenIntrospection(service, access_token)).toMatchObject({ active: true });
    expect(await oidc.tokenIntrospection(other, access_token)).toEqual({ active: false });
    expect(await oidc.tokenIntrospection(owner, 'no token')).toEqual({ active: false });
  });

  test('logging out ends every application of the browser, and tells those that want to know', async () => {
    const user = await world.addUser();
    const backchannelLogoutUri = 'https://app.example/backchannel';
    const postLogout = 'https://app.example/bye';
    const client = await world.addClient({ backchannelLogoutUri, postLogoutRedirectUris: [postLogout] });
    const config = await world.configFor(client);
    const { url, checks } = await authorizationRequest(config);
    const browser = world.browser();
    const back = await logIn(browser, await browser.get(url), user);
    const tokens = await oidc.authorizationCodeGrant(config, back.url, checks);
    const idToken = tokens.id_token ?? '';

    const logOut = oidc.buildEndSessionUrl(config, {
      id_token_hint: idToken,
      post_logout_redirect_uri: postLogout,
      state: 's1',
    });
    const page = await browser.get(logOut);
    expect(page.body).toContain('Log out?');
    expect(page.body).toContain(user.email);
    const bye = await browser.submit(page, { logout: 'yes' });
    expect(bye.url.href).toBe(`${postLogout}?state=s1`);
    const notice = () => told.find(({ url: at }) => at === backchannelLogoutUri)?.body;
    await expect.poll(notice, { timeout: 60_000 }).toContain('logout_token=');
    const { url: again } = await authorizationRequest(config);
    expect((await browser.get(again)).body).toContain('name="password"');
  });

  test('who logs in as somebody else ends the first log-in, on pages without scripts', async () => {
    const [first, second] = [await world.addUser(), await world.addUser()];
    const config = await world.configFor(await world.addClient({}));
    const browser = world.browser();
    const one = await authorizationRequest(config);
    const back = await logIn(browser, await browser.get(one.url), first);
    const tokens = await oidc.authorizationCodeGrant(config, back.url, one.checks);
    const two = await authorizationRequest(config, { prompt: 'login' });
    const leaving = await logIn(browser, await browser.get(two.url), second);
    expect(leaving.body).toContain('One more step');
    expect(leaving.body).not.toContain('<script');
    const other = await browser.submit(leaving, { logout: 'yes' });
    const answer = other.url.origin === ISSUER ? await logIn(browser, other, second) : other;
    const { access_token } = await oidc.authorizationCodeGrant(config, answer.url, two.checks);
    expect((await world.claimsOf(access_token, 'bucket')).sub).toBe(second.id);
    const refresh = oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
    await expect(refresh).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('logging out when nobody is logged in leads back, on a page without scripts', async () => {
    const postLogout = 'https://app.example/bye';
    const { id } = await world.addClient({ postLogoutRedirectUris: [postLogout] });
    const browser = world.browser();
    const page = await browser.get(
      `/oauth/logout?client_id=${id}&post_logout_redirect_uri=${encodeURIComponent(postLogout)}`,
    );
    expect(page.body).not.toContain('<script');
    expect((await browser.submit(page, { logout: 'yes' })).url.href).toBe(postLogout);
  });

  test('an application of somebody else is asked for, gets at most what it is granted, and neither roles nor address', async () => {
    const user = await world.addUser();
    const client = await world.addClient({
      name: 'Somebody <b>Else</b>',
      firstParty: false,
      grants: [{ service: 'bucket', permissions: ['bucket:read', 'bucket:delete'] }],
    });
    const config = await world.configFor(client);
    const { url, checks } = await authorizationRequest(config);
    const browser = world.browser();
    const consent = await logIn(browser, await browser.get(url), user);
    expect(consent.body).toContain('Allow Somebody &lt;b&gt;Else&lt;/b&gt;?');
    const back = await browser.submit(consent, { do: 'allow' });
    const tokens = await oidc.authorizationCodeGrant(config, back.url, checks);
    const claims = await world.claimsOf(tokens.access_token, 'bucket');
    expect(claims).toMatchObject({ aud: ['bucket'], services: { bucket: { permissions: ['bucket:read'] } } });
    expect(claims.user).toEqual({ id: user.id, roles: [], roleList: '', permissions: [] });

    const same = await authorizationRequest(config);
    expect((await browser.get(same.url)).url.origin).toBe('https://app.example');
    const more = await authorizationRequest(config, { scope: 'openid email' });
    const asked = await browser.get(more.url);
    expect(asked.body).toContain('See your e-mail address');
    expect((await browser.submit(asked, { do: 'cancel' })).url.searchParams.get('error')).toBe('access_denied');
  });

  test('consent to one service is none to another, nor to all', async () => {
    const user = await world.addUser();
    const grants = ['bucket', 'user'].map((service) => ({ service, permissions: [`${service}:read`] }));
    const config = await world.configFor(await world.addClient({ firstParty: false, grants }));
    const browser = world.browser();
    const bucket = await authorizationRequest(config, { resource: `${ISSUER}/services/bucket` });
    const consent = await logIn(browser, await browser.get(bucket.url), user);
    expect(consent.body).toContain('Use the service bucket for you');
    await browser.submit(consent, { do: 'allow' });
    expect(
      (await browser.get((await authorizationRequest(config, { resource: `${ISSUER}/services/bucket` })).url)).url.href,
    ).toContain(CALLBACK);
    expect(
      (await browser.get((await authorizationRequest(config, { resource: `${ISSUER}/services/user` })).url)).body,
    ).toContain('service user');
    expect((await browser.get((await authorizationRequest(config)).url)).body).toContain('every service');
  });
});
