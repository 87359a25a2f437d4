import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseKinds } from '../testing/real-service.ts';
import { authorizationRequest, CALLBACK, ISSUER, logIn, startWorld, type World } from './testing/world.ts';

describe.each(databaseKinds(inject('postgresUrl')))('authorization code on $name', (kind) => {
  let world: World;
  let config: oidc.Configuration;
  let user: Awaited<ReturnType<World['addUser']>>;

  beforeAll(async () => {
    world = await startWorld(kind, inject('redisUrl'));
    user = await world.addUser();
    config = await world.configFor(await world.addClient({ id: 'shop' }));
  });
  afterAll(() => world?.close());

  test('leads from the log-in page to a token of the shape that all of ours have', async () => {
    const { url, checks } = await authorizationRequest(config, { scope: 'openid email' });
    const browser = world.browser();
    const page = await browser.get(url);
    expect(page.body).toContain('The Shop');
    const back = await logIn(browser, page, user);
    expect(back.url.href).toContain(`${CALLBACK}?`);
    const tokens = await oidc.authorizationCodeGrant(config, back.url, { ...checks, idTokenExpected: true });
    expect(tokens.claims()).toMatchObject({ iss: ISSUER, sub: user.id, aud: 'shop', email: user.email, amr: ['pwd'] });
    expect(tokens.expires_in).toBe(900);
    const claims = await world.claimsOf(tokens.access_token, 'bucket');
    expect(claims).toEqual({
      iss: ISSUER,
      sub: user.id,
      client_id: 'shop',
      scope: 'openid email',
      aud: ['bucket', 'user'],
      iat: expect.any(Number),
      nbf: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
      user: { id: user.id, email: user.email, roles: ['member'], roleList: 'member', permissions: ['a:b'] },
      services: { bucket: { permissions: ['bucket:read', 'bucket:write'] }, user: { permissions: ['user:read'] } },
      session: { id: expect.any(String), device: expect.any(String), ip: '127.0.0.1' },
    });
  });

  test('refreshes, each time with another token, for no more than was granted', async () => {
    const { url, checks } = await authorizationRequest(config, {
      scope: 'openid bucket:read',
      resource: `${ISSUER}/services/bucket`,
    });
    const browser = world.browser();
    const back = await logIn(browser, await browser.get(url), user);
    const tokens = await oidc.authorizationCodeGrant(config, back.url, checks);
    const next = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect((await world.claimsOf(next.access_token, 'bucket')).services).toEqual({
      bucket: { permissions: ['bucket:read'] },
    });
    const last = next.refresh_token ?? '';
    const more = oidc.refreshTokenGrant(config, last, { scope: 'openid bucket:write' });
    await expect(more).rejects.toMatchObject({ error: 'invalid_scope' });
    const other = oidc.refreshTokenGrant(config, last, { resource: `${ISSUER}/services/user` });
    await expect(other).rejects.toMatchObject({ error: 'invalid_target' });
    expect(await oidc.tokenIntrospection(config, last)).toMatchObject({ active: true, sub: user.id });
    expect(await oidc.tokenIntrospection(config, tokens.refresh_token ?? '')).toEqual({ active: false });
    expect(await oidc.tokenIntrospection(config, next.access_token)).toMatchObject({ active: true, sub: user.id });
    await oidc.tokenRevocation(config, last);
    const introspected = () => oidc.tokenIntrospection(config, next.access_token);
    await expect.poll(introspected, { timeout: 60_000 }).toEqual({ active: false });
    await expect(oidc.refreshTokenGrant(config, last)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('narrows the token to the services and permissions that are asked for', async () => {
    const { url, checks } = await authorizationRequest(config, {
      scope: 'openid bucket:read',
      resource: `${ISSUER}/services/bucket`,
    });
    const browser = world.browser();
    const back = await logIn(browser, await browser.get(url), user);
    const tokens = await oidc.authorizationCodeGrant(config, back.url, checks);
    expect(await world.claimsOf(tokens.access_token, 'bucket')).toMatchObject({
      aud: ['bucket'],
      services: { bucket: { permissions: ['bucket:read'] } },
    });
  });

  test('lets in without a password who is logged in, until a session of the browser is ended', async () => {
    const browser = world.browser();
    const first = await authorizationRequest(config);
    const back = await logIn(browser, await browser.get(first.url), user);
    const tokens = await oidc.authorizationCodeGrant(config, back.url, first.checks);
    const session = (await world.claimsOf(tokens.access_token, 'bucket')).session?.id ?? '';

    const second = await authorizationRequest(config);
    const straight = await browser.get(second.url);
    expect(straight.url.origin).toBe('https://app.example');
    const again = await oidc.authorizationCodeGrant(config, straight.url, second.checks);
    expect((await world.claimsOf(again.access_token, 'bucket')).session?.id).toBe(session);

    const logOut = await browser.get(`/oauth/logout?client_id=shop`);
    expect((await browser.submit(logOut, { logout: 'yes' })).status).toBe(200);
    const third = await authorizationRequest(config);
    expect((await browser.get(third.url)).body).toContain('name="password"');
  });
});
