import { randomUUID } from 'node:crypto';
import { connectRedis } from '@sekisho/sessions/redis';
import { sessionKeys } from '@sekisho/sessions/testing';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { asAdmin } from '../oauth/testing/platform.ts';
import { type Receiver, startReceiver } from '../oauth/testing/receiver.ts';
import { newShopper } from '../oauth/testing/shopper.ts';
import { startWorld, type World } from '../oauth/testing/world.ts';
import { databaseKinds } from '../testing/real-service.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };
const prefix = `test-${randomUUID()}`;
const keys = sessionKeys(prefix);
const revoked = `${prefix}:{revocations}:session`;
const connected = Promise.withResolvers<void>();
const redis = connectRedis({
  url: inject('redisUrl'),
  commandTimeoutMs: 30_000,
  onState: (state) => state === 'ready' && connected.resolve(),
});

let world: World;
let receiver: Receiver;
let shop: oidc.Configuration;
let shopId: string;

beforeAll(async () => {
  const [kind] = databaseKinds('');
  if (kind === undefined) throw new Error('there is always an embedded database');
  await connected.promise;
  receiver = await startReceiver();
  world = await startWorld(kind, inject('redisUrl'), { prefix, fetch: receiver.fetch });
  const client = await world.addClient({ backchannelLogoutUri: receiver.uriOf('shop') });
  shop = await world.configFor(client);
  shopId = client.id;
});
afterAll(async () => {
  redis.disconnect();
  await world?.close();
  await receiver?.close();
});

/** Somebody who logged in to the shop, and what brings their session back as a failover would that had lost it. */
async function lostShopper() {
  const shopper = await newShopper(world, shop);
  const { sid, user } = shopper;
  const [hash, index] = [keys.session(user.id, sid), keys.ofUser(user.id)];
  const fields = await redis.hgetall(hash);
  expect(fields).toMatchObject({ id: sid, clientId: shopId });
  await redis.del(hash, index);
  return {
    ...shopper,
    isRevoked: async () => (await redis.zscore(revoked, sid)) !== null,
    async comeBack() {
      await redis.hset(hash, fields);
      await redis.zadd(index, Number(fields['lastAccessedAt']), sid);
    },
  };
}

type Lost = Awaited<ReturnType<typeof lostShopper>>;

const own = (method: 'GET' | 'DELETE', url: string, token: string) =>
  world.service.publicApp.inject({ method, url, headers: { authorization: `Bearer ${token}` } });

async function logOutByHint({ browser, idToken }: Pick<Lost, 'browser' | 'idToken'>) {
  const page = await browser.get(`/oauth/logout?${new URLSearchParams({ id_token_hint: idToken })}`);
  expect(page.status).toBe(200);
  return page;
}

const WAYS: readonly (readonly [string, (of: Lost) => Promise<unknown>])[] = [
  [
    'its user logs out',
    async ({ accessToken }) => expect((await own('DELETE', '/v1/sessions/current', accessToken)).statusCode).toBe(204),
  ],
  ['its application takes its refresh token back', ({ refreshToken }) => oidc.tokenRevocation(shop, refreshToken)],
  ['its application logs out by an id token', logOutByHint],
  [
    'its application logs out by an id token, in a browser that knows nobody',
    ({ idToken }) => logOutByHint({ idToken, browser: world.browser() }),
  ],
  [
    'its browser logs out',
    async ({ browser }) => browser.submit(await browser.get(`/oauth/logout?client_id=${shopId}`), { logout: 'yes' }),
  ],
  ['an administrator revokes it', ({ sid }) => asAdmin(world.service, 'POST', '/v1/revocations', { session: sid })],
];

describe('a session that Redis lost is refused when', () => {
  test.each(WAYS)('%s, and stays so when it comes back', async (how, end) => {
    const lost = await lostShopper();
    expect(await lost.isRevoked()).toBe(false);
    await end(lost);
    expect(await lost.isRevoked()).toBe(true);
    await lost.comeBack();
    const list = async () => (await own('GET', '/v1/sessions', lost.accessToken)).json();
    await expect.poll(list, PATIENCE).toMatchObject({ status: 401, code: 'token_revoked' });
    const refreshed = oidc.refreshTokenGrant(shop, lost.refreshToken);
    await expect(refreshed).rejects.toMatchObject({ error: 'invalid_grant' });
    // Whose it was only its token or the browser tells: by its bare name nobody is to be told.
    if (how.startsWith('an administrator')) return;
    await expect.poll(() => receiver.received.some(({ sid }) => sid === lost.sid), PATIENCE).toBe(true);
  });
});

test('nobody ends a session of another client, lost or not, nor by what is no token', async () => {
  const other = await world.configFor(await world.addClient({}));
  const lost = await lostShopper();
  const [, secret = ''] = lost.refreshToken.split('skr_');
  const forged = Buffer.from(secret, 'base64url')
    .toString()
    .replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const foreign = Buffer.from(secret, 'base64url').toString().replace(lost.sid, randomUUID());
  await oidc.tokenRevocation(other, lost.refreshToken);
  for (const text of ['nonsense', `skr_${Buffer.from(foreign).toString('base64url')}`]) {
    await oidc.tokenRevocation(shop, text);
  }
  expect(await lost.isRevoked()).toBe(false);
  await lost.comeBack();
  await oidc.tokenRevocation(shop, `skr_${Buffer.from(forged).toString('base64url')}`);
  await oidc.tokenRevocation(other, lost.refreshToken);
  expect(await lost.isRevoked()).toBe(false);
  expect((await own('GET', '/v1/sessions', lost.accessToken)).statusCode).toBe(200);
  expect((await oidc.refreshTokenGrant(shop, lost.refreshToken)).access_token).toBeTypeOf('string');
});

test('an id token ends no session that lives without its user being asked', async () => {
  const lost = await lostShopper();
  await lost.comeBack();
  await logOutByHint({ idToken: lost.idToken, browser: world.browser() });
  expect(await lost.isRevoked()).toBe(false);
});

test('an id token ends the session that lives once its user said so, also in a browser whose log-in nobody knows', async () => {
  const { idToken, refreshToken, sid } = await newShopper(world, shop);
  const browser = world.browser();
  const asked = await logOutByHint({ idToken, browser });
  expect((await browser.submit(asked, { logout: 'yes' })).url.pathname).toBe('/oauth/logout/success');
  expect(await redis.zscore(revoked, sid)).not.toBeNull();
  await expect(oidc.refreshTokenGrant(shop, refreshToken)).rejects.toMatchObject({ error: 'invalid_grant' });
  await expect.poll(() => receiver.received.some((told) => told.sid === sid), PATIENCE).toBe(true);
});
