import { createVerifier } from '@sekisho/tokens';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Service } from '../service.ts';
import { databaseKinds, startService, untilReady } from '../testing/real-service.ts';
import { Browser } from './testing/browser.ts';
import { asAdmin, fetchInto } from './testing/platform.ts';

const ISSUER = 'https://auth.test';
const CALLBACK = 'https://app.example/callback';
const alice = { email: 'alice@example.org', password: 'correct horse battery' };

describe.each(databaseKinds(inject('postgresUrl')))('authorization code on $name', (kind) => {
  let service: Service;
  let database: Awaited<ReturnType<typeof kind.create>>;
  let aliceId: string;
  let config: client.Configuration;

  beforeAll(async () => {
    database = await kind.create();
    service = await startService({ redisUrl: inject('redisUrl'), databaseUrl: database.url });
    await untilReady(service);
    const grants = [
      { service: 'bucket', permissions: ['bucket:read', 'bucket:write'] },
      { service: 'user', permissions: ['user:read'] },
    ];
    aliceId = (await asAdmin(service, 'POST', '/v1/users', { ...alice, roles: ['member'], grants })).json().id;
    const web = {
      id: 'web',
      name: 'The Shop',
      firstParty: true,
      authMethod: 'client_secret_basic',
      grantTypes: ['authorization_code', 'refresh_token'],
      redirectUris: [CALLBACK],
    };
    const created = await asAdmin(service, 'POST', '/v1/clients', web);
    expect(created.statusCode, created.body).toBe(201);
    const { secret } = created.json();
    config = await client.discovery(new URL(ISSUER), 'web', undefined, client.ClientSecretBasic(secret), {
      [client.customFetch]: fetchInto(service.publicApp),
    });
  });
  afterAll(async () => {
    await service?.close();
    await database.remove();
  });

  test('leads from the log-in page to a token of the shape that all of ours have', async () => {
    const verifier = client.randomPKCECodeVerifier();
    const nonce = client.randomNonce();
    const state = client.randomState();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid email',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      nonce,
      state,
    });
    const browser = new Browser(service.publicApp, ISSUER);
    const page = await browser.get(url);
    expect(page.status, page.body).toBe(200);
    expect(page.body).toContain('The Shop');
    const back = await browser.submit(page, { do: 'log-in', ...alice });
    expect(back.url.origin + back.url.pathname, back.body).toBe(CALLBACK);
    const tokens = await client.authorizationCodeGrant(config, back.url, {
      pkceCodeVerifier: verifier,
      expectedNonce: nonce,
      expectedState: state,
      idTokenExpected: true,
    });
    expect(tokens.claims()).toMatchObject({ iss: ISSUER, sub: aliceId, aud: 'web', email: alice.email, amr: ['pwd'] });
    const jwks = (await service.publicApp.inject({ url: '/.well-known/jwks.json' })).json();
    const verify = createVerifier({ issuer: ISSUER, audience: 'bucket', jwks: () => jwks, clock: () => new Date() });
    const claims = await verify(tokens.access_token);
    expect(claims).toMatchObject({
      sub: aliceId,
      client_id: 'web',
      aud: ['bucket', 'user'],
      user: { id: aliceId, email: alice.email, roles: ['member'], roleList: 'member' },
      services: { bucket: { permissions: ['bucket:read', 'bucket:write'] }, user: { permissions: ['user:read'] } },
    });
    expect(claims.session?.id).toEqual(expect.any(String));
  });
});
