import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { RedisConnection } from '../connection.ts';
import { type SessionKeys, sessionKeys, shardOf } from '../keys.ts';
import { beginMove } from '../testing/slots.ts';
import { startCluster, type Topology } from '../testing/topology.ts';
import { until } from '../testing/waiting.ts';
import { type SessionSync, startSessionSync } from './session-sync.ts';
import { connected, createRegion, type RegionUnderTest } from './testing/world.ts';

const TIMEOUT_MS = 600_000;
const clock = () => new Date();

const elsewhere = await connected(`${inject('redisUrl')}/10`);
const global = await connected(`${inject('redisUrl')}/11`);
let topology: Topology;
let local: RedisConnection;
let prefix: string;
let keys: SessionKeys;
let userId: string;
let tokyo: RegionUnderTest;
let osaka: RegionUnderTest;
const syncs: SessionSync[] = [];
beforeAll(async () => {
  // A slot moves between two that both stay what they are.
  topology = await startCluster(inject('valkey'), 10 * 60_000);
  local = await connected(topology.url);
}, TIMEOUT_MS);
beforeEach(() => {
  prefix = `test-${randomUUID()}`;
  keys = sessionKeys(prefix);
  userId = randomUUID();
  tokyo = createRegion({ name: 'tokyo', local, global, prefix, clock });
  osaka = createRegion({ name: 'osaka', local: elsewhere, global, prefix, clock });
});
afterEach(() => Promise.all(syncs.splice(0).map((sync) => sync.stop())));
afterAll(async () => {
  for (const redis of [elsewhere, global, local]) redis?.disconnect();
  await topology?.remove();
}, TIMEOUT_MS);

const begin = async (of = userId) => (await tokyo.sessions.create({ userId: of, device: {} })).id;
const drained = async (of = userId) => until('nothing waits', async () => (await local.xlen(keys.outboxOf(of))) === 0);
const isQueued = (id: string) => local.hexists(keys.session(userId, id), 'queued');

test('a session that moves to another node before its outbox does is sent when both are there', async () => {
  const [begun, ended] = [await begin(), await begin()];
  await tokyo.sessions.destroy(userId, ended);
  const move = await beginMove(topology, `{${shardOf(userId)}}`);
  await move.take(keys.session(userId, begun), keys.session(userId, ended));
  await expect(tokyo.sync()).rejects.toMatchObject({ code: 'redis_unavailable' });
  expect(tokyo.pushes).toEqual([]);
  await move.finish();
  await tokyo.sync();
  expect(tokyo.pushes).toEqual(['sent', 'sent']);
  expect(await osaka.sessions.get(userId, begun)).toMatchObject({ id: begun });
  expect(await global.hkeys(keys.session(userId, ended))).toEqual(['endedAt']);
  expect([await isQueued(begun), await isQueued(ended)]).toEqual([0, 0]);
});

test('nor is it forgotten when it moves while it is sent', async () => {
  const id = await begin();
  const before = async () => {
    const move = await beginMove(topology, `{${shardOf(userId)}}`);
    await move.take(keys.session(userId, id));
    return move;
  };
  let move: Awaited<ReturnType<typeof before>> | undefined;
  const syncing = tokyo.sync({
    async before(step) {
      if (step === 'acknowledge') move ??= await before();
    },
  });
  await expect(syncing).rejects.toMatchObject({ code: 'redis_unavailable' });
  await move?.finish();
  expect(await isQueued(id)).toBe(1);
  await tokyo.sync();
  expect(await isQueued(id)).toBe(0);
  expect(await osaka.sessions.get(userId, id)).toMatchObject({ id });
});

test('a sync goes on with the other slots while one moves, and with it afterwards', {
  timeout: TIMEOUT_MS,
}, async () => {
  const sync = startSessionSync({
    ...{ local, global, clock, prefix, consumer: randomUUID(), everyMs: 20, claimAfterMs: 200 },
    evict: async () => undefined,
  });
  syncs.push(sync);
  const ids = [await begin(), await begin(), await begin()];
  const move = await beginMove(topology, `{${shardOf(userId)}}`);
  const other = outsideOf(shardOf(userId));
  for (const id of ids) {
    await move.take(keys.session(userId, id));
    const elsewhereId = await begin(other);
    await until(
      'another slot is sent',
      async () => (await global.hexists(keys.session(other, elsewhereId), 'id')) === 1,
    );
  }
  await move.finish();
  await drained();
  for (const id of ids) expect(await osaka.sessions.get(userId, id)).toMatchObject({ id });
  await until('nothing waits any more', async () => sync.waiting === 0 && sync.lagMs === 0);
});

function outsideOf(shard: string): string {
  const other = randomUUID();
  return shardOf(other) === shard ? outsideOf(shard) : other;
}
