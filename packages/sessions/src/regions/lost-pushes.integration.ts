import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { RedisConnection } from '../connection.ts';
import { sessionKeys, shardOf } from '../keys.ts';
import { failOverWithout, startCluster, startSentinels, type Topology } from '../testing/topology.ts';
import { patiently, until } from '../testing/waiting.ts';
import { type SessionSync, startSessionSync } from './session-sync.ts';
import { connected, createRegion, type RegionUnderTest } from './testing/world.ts';

const TIMEOUT_MS = 600_000;
const clock = () => new Date();

const stores = {
  tokyo: await connected(`${inject('redisUrl')}/8`),
  osaka: await connected(`${inject('redisUrl')}/9`),
};
afterAll(() => {
  for (const redis of Object.values(stores)) redis.disconnect();
});

describe.each([
  ['Sentinels', startSentinels],
  ['a Cluster', startCluster],
] as const)('a global store behind %s, of which a primary fails', (_, start) => {
  let topology: Topology;
  let global: RedisConnection;
  const syncs: SessionSync[] = [];
  beforeAll(async () => {
    topology = await start(inject('valkey'));
    global = await connected(topology.url, 1_000);
  }, TIMEOUT_MS);
  afterEach(() => Promise.all(syncs.splice(0).map((sync) => sync.stop())));
  afterAll(async () => {
    global?.disconnect();
    await topology?.remove();
  }, TIMEOUT_MS);

  function follow(prefix: string): SessionSync {
    const sync = startSessionSync({
      ...{ local: stores.tokyo, global, clock, prefix, consumer: randomUUID(), everyMs: 20, claimAfterMs: 200 },
      evict: async () => undefined,
    });
    syncs.push(sync);
    return sync;
  }

  const begin = async (region: RegionUnderTest, userId: string) =>
    (await region.sessions.create({ userId, device: {} })).id;

  test(
    'is told again of what it acknowledged and no replica had: what began, and what ended',
    async () => {
      const prefix = `test-${randomUUID()}`;
      const userId = randomUUID();
      const keys = sessionKeys(prefix);
      const of = (name: 'tokyo' | 'osaka') => createRegion({ name, local: stores[name], global, prefix, clock });
      const [tokyo, osaka] = [of('tokyo'), of('osaka')];
      follow(prefix);
      const sent = () => until('nothing waits', async () => (await stores.tokyo.xlen(keys.outboxOf(userId))) === 0);
      const leaving = await begin(tokyo, userId);
      await sent();
      await until('it is known to have all', async () => {
        const name = await stores.tokyo.get(`${prefix}:{${shardOf(userId)}}:store`);
        return (await global.exists(`${prefix}:{${shardOf(userId)}}:holds:${name}`)) === 1;
      });

      let begun = '';
      const old = await failOverWithout(topology, {
        key: `{${shardOf(userId)}}`,
        async write() {
          begun = await begin(tokyo, userId);
          await tokyo.sessions.destroy(userId, leaving);
          await sent();
          expect(await patiently(() => global.hkeys(keys.session(userId, leaving)))).toEqual(['endedAt']);
        },
      });
      await until('it knows what began', async () => (await global.hget(keys.session(userId, begun), 'id')) === begun);
      await until(
        'it knows what ended',
        async () => (await global.hexists(keys.session(userId, leaving), 'endedAt')) === 1,
      );
      expect(await patiently(() => osaka.sessions.get(userId, begun))).toMatchObject({ id: begun });
      expect(await patiently(() => osaka.sessions.get(userId, leaving))).toBeUndefined();
      await sent();
      await old.start();
    },
    TIMEOUT_MS,
  );
});
