import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseKinds } from '../testing/real-service.ts';
import { fetchInto } from './testing/platform.ts';
import { CALLBACK, ISSUER, logIn, startWorld, type World } from './testing/world.ts';

const [kind] = databaseKinds('');

/** A public client of the strictest kind, with a client library that checks every answer against its RFC. */
describe.runIf(kind !== undefined)('OAuth flows with oauth4webapi', () => {
  let world: World;
  let server: oauth.AuthorizationServer;
  let options: { [oauth.customFetch]: ReturnType<typeof fetchInto> };

  beforeAll(async () => {
    if (kind === undefined) return;
    world = await startWorld(kind, inject('redisUrl'));
    options = { [oauth.customFetch]: fetchInto(world.service.publicApp) };
    const issuer = new URL(ISSUER);
    for (const algorithm of ['oidc', 'oauth2'] as const) {
      const discovered = await oauth.discoveryRequest(issuer, { ...options, algorithm });
      server = await oauth.processDiscoveryResponse(issuer, discovered);
    }
  });
  afterAll(() => world?.close());

  async function signedIn(client: oauth.Client, scope: string) {
    const user = await world.addUser();
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const browser = world.browser();
    const back = await logIn(browser, await browser.get(url), user);
    const parameters = oauth.validateAuthResponse(server, client, back.url, state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      parameters,
      CALLBACK,
      verifier,
      options,
    );
    return { user, tokens: await oauth.processAuthorizationCodeResponse(server, client, response) };
  }

  test('a public client logs in, refreshes, asks who it is and revokes', async () => {
    const { id } = await world.addClient({ authMethod: 'none' });
    const client = { client_id: id };
    const { user, tokens } = await signedIn(client, 'openid email');
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    expect(claims).toMatchObject({ sub: user.id, email: user.email });

    const info = await oauth.userInfoRequest(server, client, tokens.access_token, options);
    expect(await oauth.processUserInfoResponse(server, client, user.id, info)).toMatchObject({ email: user.email });

    const refresh = (token: string) => oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, options);
    const next = await oauth.processRefreshTokenResponse(server, client, await refresh(tokens.refresh_token ?? ''));
    const revoked = await oauth.revocationRequest(server, client, oauth.None(), next.refresh_token ?? '', options);
    await oauth.processRevocationResponse(revoked);
    const dead = oauth.processRefreshTokenResponse(server, client, await refresh(next.refresh_token ?? ''));
    await expect(dead).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('without OpenID Connect: permissions of a service as scopes, and no id token', async () => {
    const { id } = await world.addClient({ authMethod: 'none' });
    const client = { client_id: id };
    const verifier = oauth.generateRandomCodeVerifier();
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      client_id: id,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'bucket:read',
      resource: `${ISSUER}/services/bucket`,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const browser = world.browser();
    const back = await logIn(browser, await browser.get(url), await world.addUser());
    const parameters = oauth.validateAuthResponse(server, client, back.url);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      parameters,
      CALLBACK,
      verifier,
      options,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response);
    expect(tokens.id_token).toBeUndefined();
    expect(tokens.scope).toBe('bucket:read');
    expect((await world.claimsOf(tokens.access_token, 'bucket')).services).toEqual({
      bucket: { permissions: ['bucket:read'] },
    });
  });
});
