import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMinter, createVerifier, generateSigningKey, type SigningKey } from '@sekisho/tokens';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { TOKEN_EXCHANGE } from '../exchange/grant-type.ts';
import { asAdmin } from '../oauth/testing/platform.ts';
import { ISSUER, startWorld, type World } from '../oauth/testing/world.ts';
import { CLUSTER_ISSUER, FakeCluster, publicJwk } from '../testing/cluster.ts';
import { databaseKinds, logIn } from '../testing/real-service.ts';

const URL = '/v1/signers/guard/keys';
const clock = () => new Date();
const cluster = new FakeCluster(clock);
const BUCKET = 'system:serviceaccount:shop:bucket';

let folder: string;
let world: World;
/** The guard's, of which this test plays the part. */
let active: SigningKey;
let next: SigningKey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guard-keys-'));
  const path = join(folder, 'jwks.json');
  await writeFile(path, JSON.stringify({ keys: [publicJwk(cluster.key)] }));
  const kind = databaseKinds(inject('postgresUrl')).at(-1);
  if (kind === undefined) throw new Error('no database');
  world = await startWorld(kind, inject('redisUrl'), {
    workloadKeys: { kind: 'file', path, issuer: CLUSTER_ISSUER },
    guardWorkloads: [{ namespace: 'shop', serviceAccount: 'guard' }],
  });
  await asAdmin(world.service, 'PUT', '/v1/workloads/shop/bucket/grants', {
    service: 'bucket',
    grants: [{ service: 'user', delegated: { permissions: ['user:read'], roles: ['member'] } }],
  });
  [active, next] = [await generateSigningKey(), await generateSigningKey()];
  for (const key of [active, next]) expect((await offer(key)).statusCode).toBe(200);
});
afterAll(async () => {
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

async function offer({ publicJwk: jwk }: SigningKey) {
  const headers = { authorization: `Bearer ${await cluster.token('guard')}` };
  const payload = { jwk, alg: jwk.alg, sealed: randomBytes(150).toString('base64url') };
  return world.service.publicApp.inject({ method: 'POST', url: URL, headers, payload });
}

const keySet = async () => (await world.service.publicApp.inject({ url: '/.well-known/jwks.json' })).json();
const kids = async (): Promise<string[]> => (await keySet()).keys.map(({ kid }: SigningKey) => kid);
const minterOf = (key: SigningKey) => createMinter({ issuer: ISSUER, key: () => key, clock, uuid: randomUUID });

/** A user who is logged in, and the token that the guard makes of theirs. */
async function loggedIn() {
  const { email, password } = await world.addUser();
  const token = (await logIn(world.service, { email, password, services: ['bucket', 'user'] })).json().access_token;
  const access = await world.claimsOf(token, 'bucket');
  return { token, access, narrow: await minterOf(active).narrow(access, 'bucket') };
}

/** What somebody signs who stole the guard's key. */
const forged = (claims: object, key = active) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid }).sign(key.privateKey);

const withToken = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

async function exchange(subjectToken: string) {
  const parameters = {
    grant_type: TOKEN_EXCHANGE,
    client_id: BUCKET,
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    actor_token: await cluster.token('bucket'),
    actor_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    audience: 'user',
  };
  return world.service.publicApp.inject({
    method: 'POST',
    url: '/oauth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(parameters).toString(),
  });
}

describe('a key of the guard', () => {
  test('is published with those of this service, and what it narrowed is verified and exchanged', async () => {
    expect(await kids()).toEqual(expect.arrayContaining([active.kid, next.kid]));
    const { narrow } = await loggedIn();
    const jwks = await keySet();
    const verify = createVerifier({ issuer: ISSUER, audience: 'bucket', jwks: () => jwks, clock });
    expect(await verify(narrow.token)).toEqual(narrow.claims);
    const answer = await exchange(narrow.token);
    expect(answer.statusCode).toBe(200);
    const claims = await world.claimsOf(answer.json().access_token, 'user');
    expect(claims).toMatchObject({ aud: ['user'], act: { sub: BUCKET } });
  });

  test('opens nothing of this service, whatever it signs', async () => {
    const { access, narrow } = await loggedIn();
    const permissions = ['users:read', 'users:write', 'keys:read', 'keys:write', 'revocations:write'];
    const administrator = { ...access, aud: ['auth'], services: { auth: { permissions } } };
    const { publicApp, adminApp } = world.service;
    for (const token of [narrow.token, await forged(access), await forged(administrator)]) {
      const answers = await Promise.all([
        adminApp.inject({ url: '/v1/users', ...withToken(token) }),
        adminApp.inject({ url: '/v1/keys', ...withToken(token) }),
        publicApp.inject({ url: '/v1/sessions', ...withToken(token) }),
        publicApp.inject({ method: 'DELETE', url: '/v1/sessions/current', ...withToken(token) }),
        publicApp.inject({ url: URL, ...withToken(token) }),
        publicApp.inject({ url: '/oauth/userinfo', ...withToken(token) }),
      ]);
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 401, 401, 401]);
    }
  });

  test('is no key of an access token for who asks what a token is worth', async () => {
    const { token, access, narrow } = await loggedIn();
    const grants = [{ service: 'bucket', permissions: [] }];
    const client = await world.addClient({ grantTypes: ['client_credentials'], redirectUris: [], grants });
    const introspect = async (text: string) => {
      const answer = await world.service.publicApp.inject({
        method: 'POST',
        url: '/oauth/introspect',
        headers: {
          authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        payload: new URLSearchParams({ token: text }).toString(),
      });
      return answer.json();
    };
    expect(await introspect(token)).toMatchObject({ active: true });
    for (const text of [narrow.token, await forged(access)]) expect(await introspect(text)).toEqual({ active: false });
  });

  test('makes no access token that can be exchanged', async () => {
    const { access, narrow } = await loggedIn();
    const wide = [
      access,
      { ...narrow.claims, exp: narrow.claims.exp + 600 },
      { ...narrow.claims, aud: ['bucket', 'user'] },
    ];
    for (const claims of wide) {
      expect((await exchange(await forged(claims))).json()).toMatchObject({ error: 'invalid_request' });
    }
  });

  test('is taken out alone, and what it narrowed is refused; the next one takes its place', async () => {
    const { token, narrow } = await loggedIn();
    const own = (await kids()).filter((kid) => ![active.kid, next.kid].includes(kid));
    const response = await asAdmin(world.service, 'POST', '/v1/keys/rotate', { compromised: active.kid });
    expect(response.statusCode).toBe(202);
    expect(response.json().keys[0]).toMatchObject({ kid: next.kid, signer: 'guard', state: 'active' });
    expect(await kids()).toEqual([...own, next.kid]);
    expect((await exchange(narrow.token)).json()).toMatchObject({ error: 'invalid_request' });
    expect((await offer(active)).json()).toMatchObject({ code: 'key_unwanted' });
    expect((await world.service.publicApp.inject({ url: '/v1/sessions', ...withToken(token) })).statusCode).toBe(200);
    active = next;
    expect((await exchange((await loggedIn()).narrow.token)).statusCode).toBe(200);
  });
});
