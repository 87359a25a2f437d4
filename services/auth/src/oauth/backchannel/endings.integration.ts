import { createLocalJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { ADMIN_LOGIN, databaseKinds, logIn as logInDirectly } from '../../testing/real-service.ts';
import { asAdmin } from '../testing/platform.ts';
import { answering, type Receiver, startReceiver } from '../testing/receiver.ts';
import { newShopper, type Shopper } from '../testing/shopper.ts';
import { ISSUER, startWorld, type World } from '../testing/world.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };
const [kind] = databaseKinds('');
let world: World;
let receiver: Receiver;
let shop: oidc.Configuration;
let shopId: string;

beforeAll(async () => {
  if (kind === undefined) throw new Error('there is always an embedded database');
  receiver = await startReceiver();
  world = await startWorld(kind, inject('redisUrl'), { fetch: receiver.fetch });
  const client = await world.addClient({ backchannelLogoutUri: receiver.uriOf('shop') });
  shop = await world.configFor(client);
  shopId = client.id;
});
beforeEach(() => {
  receiver.answer = answering(200);
});
afterAll(async () => {
  await world?.close();
  await receiver?.close();
});

const shopper = () => newShopper(world, shop);

const own = (token: string, method: 'DELETE' | 'PUT', url: string, payload?: object) =>
  world.service.publicApp.inject({
    method,
    url,
    headers: { authorization: `Bearer ${token}` },
    ...(payload !== undefined && { payload }),
  });

/** In the second of a revocation a log-in is told to come back. */
const directly = (user: Shopper['user']) =>
  vi.waitFor(async () => {
    const response = await logInDirectly(world.service, { email: user.email, password: user.password });
    expect(response.statusCode).toBe(201);
    return String(response.json().access_token);
  }, PATIENCE);

const admin = async (...args: [method: 'POST' | 'PUT' | 'DELETE', url: string, payload?: object]) =>
  asAdmin(world.service, ...args);

/** Changes that ask for the version they are made from. */
async function change({ user }: Shopper, method: 'PATCH' | 'DELETE', payload?: object) {
  const token = (await logInDirectly(world.service, ADMIN_LOGIN)).json().access_token;
  const url = `/v1/users/${user.id}`;
  const headers = { authorization: `Bearer ${token}` };
  const { headers: read } = await world.service.adminApp.inject({ url, headers });
  return world.service.adminApp.inject({
    ...{ method, url, headers: { ...headers, 'if-match': String(read.etag) } },
    ...(payload !== undefined && { payload }),
  });
}

const WAYS: readonly (readonly [string, (of: Shopper) => Promise<unknown>])[] = [
  ['the user logs out with its token', ({ accessToken }) => own(accessToken, 'DELETE', '/v1/sessions/current')],
  ['the user ends it by its name', async ({ user, sid }) => own(await directly(user), 'DELETE', `/v1/sessions/${sid}`)],
  [
    'the user logs out everywhere else',
    async ({ user }) => own(await directly(user), 'DELETE', '/v1/sessions?others=true'),
  ],
  [
    'the user changes the password',
    async ({ user }) =>
      own(await directly(user), 'PUT', '/v1/users/me/password', {
        current: user.password,
        password: 'another horse battery',
      }),
  ],
  ['the password is reset', ({ user }) => admin('PUT', `/v1/users/${user.id}/password`, { password: 'reset horse 1' })],
  ['the user is deactivated', (of) => change(of, 'PATCH', { active: false })],
  ['the user is deleted', (of) => change(of, 'DELETE')],
  ['the session is revoked', ({ sid }) => admin('POST', '/v1/revocations', { session: sid })],
  ['the user is revoked', ({ user }) => admin('POST', '/v1/revocations', { user: user.id })],
  ['the application takes its refresh token back', ({ refreshToken }) => oidc.tokenRevocation(shop, refreshToken)],
  ['its code is used again', ({ replay }) => replay().catch(() => undefined)],
  [
    'its refresh token is used again',
    async ({ refreshToken }) => {
      const next = await oidc.refreshTokenGrant(shop, refreshToken);
      await oidc.refreshTokenGrant(shop, next.refresh_token ?? '');
      await oidc.refreshTokenGrant(shop, refreshToken).catch(() => undefined);
    },
  ],
  [
    'it has to go for newer ones',
    async ({ user }) => {
      for (let count = 0; count < 20; count += 1) await directly(user);
    },
  ],
  [
    'the browser logs out',
    async ({ browser }) => {
      const page = await browser.get(`/oauth/logout?client_id=${shopId}`);
      await browser.submit(page, { logout: 'yes' });
    },
  ],
];

describe('the application is told of the end of a session when', () => {
  test.each(WAYS)('%s', async (_, end) => {
    const { sid, ...rest } = await shopper();
    await end({ sid, ...rest });
    const told = () => receiver.received.filter((one) => one.sid === sid);
    await expect.poll(() => told().length, PATIENCE).toBeGreaterThan(0);
    expect(told()[0]?.application).toBe('shop');
  });
});

test('what it is told is a logout token: of that session, for it alone, for two minutes', async () => {
  const { accessToken, sid, user } = await shopper();
  await own(accessToken, 'DELETE', '/v1/sessions/current');
  const told = () => receiver.received.find((one) => one.sid === sid);
  await expect.poll(told, PATIENCE).toBeDefined();
  const { token = '', contentType } = told() ?? {};
  expect(contentType).toMatch(/^application\/x-www-form-urlencoded/);
  const jwks = (await world.service.publicApp.inject({ url: '/.well-known/jwks.json' })).json();
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks), {
    ...{ issuer: ISSUER, audience: shopId, typ: 'logout+jwt', requiredClaims: ['iat', 'exp', 'jti'] },
  });
  expect(protectedHeader.alg).toBe('ES256');
  expect(payload).toMatchObject({ sub: user.id, sid, aud: shopId });
  expect(payload['events']).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} });
  expect(payload).not.toHaveProperty('nonce');
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(120);
});

test('an application that fails, hangs, refuses and leads elsewhere is told again, by a new token each time', async () => {
  const answers = [
    answering(500),
    () => undefined, // hangs
    answering(400),
    answering(302, { location: 'https://elsewhere.example/' }),
  ];
  const { accessToken, sid } = await shopper();
  const told = () => receiver.received.filter((one) => one.sid === sid);
  receiver.answer = (response, received) => (answers[told().length - 1] ?? answering(200))(response, received);
  await own(accessToken, 'DELETE', '/v1/sessions/current');
  await expect.poll(() => told().length, { timeout: 240_000, interval: 50 }).toBeGreaterThan(4);
  expect(new Set(told().map(({ token }) => token)).size).toBe(told().length);
  const { body } = await world.service.adminApp.inject({ url: '/metrics' });
  expect(body).toMatch(/^backchannel_logouts_total\{result="failed"\} (\d\d|[4-9])/m);
});

test('an application that is removed, or asks no more, is told nothing, and nothing waits for it', async () => {
  const gone = await world.addClient({ backchannelLogoutUri: receiver.uriOf('gone') });
  const config = await world.configFor(gone);
  const { accessToken } = await newShopper(world, config);
  receiver.answer = answering(503);
  await own(accessToken, 'DELETE', '/v1/sessions/current');
  await expect.poll(() => receiver.received.some(({ application }) => application === 'gone'), PATIENCE).toBe(true);
  await admin('DELETE', `/v1/clients/${gone.id}`);
  const metrics = async () => (await world.service.adminApp.inject({ url: '/metrics' })).body;
  await expect.poll(metrics, PATIENCE).toMatch(/^backchannel_logouts_total\{result="unwanted"\} [1-9]/m);
});
