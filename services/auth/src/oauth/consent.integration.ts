import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseKinds } from '../testing/real-service.ts';
import { authorizationRequest, ISSUER, logIn, startWorld, type World } from './testing/world.ts';

const [kind] = databaseKinds('');
const BUCKET = `${ISSUER}/services/bucket`;
const GRANTS = [{ service: 'bucket', permissions: ['bucket:read', 'bucket:write'] }];

describe.runIf(kind !== undefined)('what a person allowed an application of others', () => {
  let world: World;

  beforeAll(async () => {
    if (kind !== undefined) world = await startWorld(kind, inject('redisUrl'));
  });
  afterAll(() => world?.close());

  const allowed = async (scope: string) => {
    const user = await world.addUser();
    const config = await world.configFor(await world.addClient({ firstParty: false, grants: GRANTS }));
    const { url, checks } = await authorizationRequest(config, { scope, resource: BUCKET });
    const browser = world.browser();
    const consent = await logIn(browser, await browser.get(url), user);
    const back = await browser.submit(consent, { do: 'allow' });
    return { config, tokens: await oidc.authorizationCodeGrant(config, back.url, checks) };
  };
  const permissionsOf = async (token: string) => (await world.claimsOf(token, 'bucket')).services;

  test('a refresh that names fewer scopes brings no permission that was not allowed', async () => {
    const { config, tokens } = await allowed('openid bucket:read');
    expect(await permissionsOf(tokens.access_token)).toEqual({ bucket: { permissions: ['bucket:read'] } });
    const fewer = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '', { scope: 'openid' });
    expect(await permissionsOf(fewer.access_token)).toEqual({ bucket: { permissions: [] } });
    const same = await oidc.refreshTokenGrant(config, fewer.refresh_token ?? '');
    expect(await permissionsOf(same.access_token)).toEqual({ bucket: { permissions: ['bucket:read'] } });
  });
});
