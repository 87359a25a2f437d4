import { randomUUID } from 'node:crypto';
import { createLogoutNotices, createRevoker, createSessionStore } from '@sekisho/sessions';
import { connectRedis } from '@sekisho/sessions/redis';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import type { Service } from '../../service.ts';
import { databaseKinds, startService, untilReady } from '../../testing/real-service.ts';
import { asAdmin } from '../testing/platform.ts';
import { type Receiver, startReceiver } from '../testing/receiver.ts';
import { ISSUER } from '../testing/world.ts';

const PATIENCE = { timeout: 60_000, interval: 20 };
const redisUrl = inject('redisUrl');
const kind = databaseKinds(inject('postgresUrl')).at(-1);
const prefix = `test-${randomUUID()}`;
const clock = () => new Date();
const userId = randomUUID();

const connected = Promise.withResolvers<void>();
const redis = connectRedis({
  url: redisUrl,
  commandTimeoutMs: 30_000,
  onState: (state) => state === 'ready' && connected.resolve(),
});
/** What a replica ends sessions by; that it tells nobody of them is how one looks that died right afterwards. */
const revoker = createRevoker({ redis, clock, prefix, tokenLifetime: 900 });
const sessions = createSessionStore({ redis, clock, prefix, newId: randomUUID });

let receiver: Receiver;
let database: { readonly url: string; remove(): Promise<void> };
const replicas: Service[] = [];

beforeAll(async () => {
  if (kind === undefined) throw new Error('there is always an embedded database');
  await connected.promise;
  receiver = await startReceiver();
  database = await kind.create();
  const replica = await start();
  const backchannelLogoutUri = receiver.uriOf('shop');
  const grantTypes = ['authorization_code'];
  const client = { id: 'shop', name: 'Shop', authMethod: 'none', grantTypes, redirectUris: ['https://app.example/'] };
  const created = await asAdmin(replica, 'POST', '/v1/clients', { ...client, backchannelLogoutUri });
  expect(created.statusCode).toBe(201);
  await stop();
});
afterEach(() => stop());
afterAll(async () => {
  redis.disconnect();
  await receiver?.close();
  await database?.remove();
});

async function start(): Promise<Service> {
  const { fetch } = receiver;
  const options = { issuer: ISSUER, redisUrl, databaseUrl: database.url, prefix, fetch };
  const replica = await startService(options);
  replicas.push(replica);
  await untilReady(replica);
  return replica;
}

async function stop(): Promise<void> {
  await Promise.all(replicas.splice(0).map((replica) => replica.close()));
}

async function endOne(): Promise<string> {
  const session = await sessions.create({ userId, device: {}, clientId: 'shop' });
  await revoker.end([session]);
  await sessions.destroy(userId, session.id);
  return session.id;
}

const toldOf = () => new Set(receiver.received.map(({ sid }) => sid));

test('what a replica ended and did not live to tell, another one tells', async () => {
  const id = await endOne();
  await start();
  await expect.poll(() => toldOf().has(id), PATIENCE).toBe(true);
});

test('what a replica died while telling, another one tells after it', async () => {
  const id = await endOne();
  const dying = createLogoutNotices({ redis, prefix, leaseMs: 2_000 });
  expect((await dying.take(10)).notices.map(({ sessionId }) => sessionId)).toContain(id);
  await start();
  await expect.poll(() => toldOf().has(id), PATIENCE).toBe(true);
});

test.skipIf(kind?.name !== 'PostgreSQL')('two replicas tell each end, and none is left', async () => {
  await Promise.all([start(), start()]);
  const ids = await Promise.all(Array.from({ length: 60 }, endOne));
  await expect.poll(() => ids.filter((id) => !toldOf().has(id)), PATIENCE).toEqual([]);
  const left = createLogoutNotices({ redis, prefix, leaseMs: 1 });
  await expect.poll(async () => (await left.take(0)).waiting, PATIENCE).toBe(0);
});
