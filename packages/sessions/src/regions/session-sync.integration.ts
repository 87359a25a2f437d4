import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { SHARDS, sessionKeys } from '../keys.ts';
import { createSessionStore } from '../open-store.ts';
import { until } from '../testing/topology.ts';
import { startValkey } from '../testing/valkey.ts';
import { type SessionSync, type SessionSyncOptions, startSessionSync } from './session-sync.ts';
import type { SyncStep } from './sync-turn.ts';
import { connected, createRegion, type RegionUnderTest } from './testing/world.ts';

const servers = { local: await startValkey(inject('valkey')), global: await startValkey(inject('valkey')) };
const local = await connected(servers.local.url, 1_000);
const global = await connected(servers.global.url, 1_000);
const elsewhere = await connected(`${inject('redisUrl')}/7`);
afterAll(async () => {
  for (const redis of [local, global, elsewhere]) redis.disconnect();
  for (const server of Object.values(servers)) await server.remove();
});

const clock = () => new Date();
const QUICK = { everyMs: 20, claimAfterMs: 100 };

let prefix: string;
let userId: string;
let osaka: RegionUnderTest;
const syncs: SessionSync[] = [];
beforeEach(() => {
  prefix = `test-${randomUUID()}`;
  userId = randomUUID();
  osaka = createRegion({ name: 'osaka', local: elsewhere, global, prefix, clock });
});
afterEach(() => Promise.all(syncs.splice(0).map((sync) => sync.stop())));

const tokyo = () => createRegion({ name: 'tokyo', local, global, prefix, clock });
const begin = () => patiently(() => tokyo().sessions.create({ userId, device: {} }));
const knownInOsaka = (id: string) =>
  until('the other region knows it', async () => (await osaka.sessions.get(userId, id)) !== undefined);

/** As a client would, that tries again: a slow machine is not what is tested. */
async function patiently<T>(what: () => Promise<T>): Promise<T> {
  let result: { readonly done: T } | undefined;
  await until('it is answered', async () => {
    result = { done: await what() };
    return true;
  });
  if (result === undefined) throw new Error('it was answered');
  return result.done;
}

function start(options: Partial<SessionSyncOptions> = {}): SessionSync {
  const evict = async () => undefined;
  const sync = startSessionSync({ ...QUICK, local, global, prefix, clock, evict, consumer: randomUUID(), ...options });
  syncs.push(sync);
  return sync;
}

const drained = (sync: SessionSync) =>
  until('nothing waits', async () => {
    const outboxes = SHARDS.map((shard) => local.xlen(sessionKeys(prefix).outbox(shard)));
    return (await Promise.all(outboxes)).every((length) => length === 0) && sync.waiting === 0;
  });

describe('a sync', () => {
  test('brings what changes to the other region as long as it runs', async () => {
    const sync = start();
    for (let count = 0; count < 3; count += 1) await knownInOsaka((await begin()).id);
    await drained(sync);
    await sync.stop();
    const { id } = await begin();
    expect(await patiently(() => osaka.sessions.get(userId, id))).toBeUndefined();
    start();
    await knownInOsaka(id);
  });

  test('tells how much waits, and for how long', async () => {
    const { id } = await begin();
    const sync = start({
      before(step) {
        if (step === 'push') throw new Error('not yet');
      },
    });
    await until('it tells', async () => sync.waiting === 1 && sync.lagMs > 200);
    await sync.stop();
    await drained(start());
    await knownInOsaka(id);
  });

  test('begins with what there was before there were regions', async () => {
    const alone = createSessionStore({ redis: local, prefix, clock, newId: randomUUID });
    const { id } = await patiently(() => alone.create({ userId, device: {} }));
    const again = Promise.withResolvers<number>();
    start({ onRefill: again.resolve });
    expect(await again.promise).toBe(1);
    await knownInOsaka(id);
  });

  test('tells the global store of everything again when it lost everything: what lives, and what ended', async () => {
    const [kept, ended] = [await begin(), await begin()];
    const refilled: number[] = [];
    const sync = start({ onRefill: (sessions) => refilled.push(sessions) });
    await knownInOsaka(ended.id);
    await patiently(() => tokyo().sessions.destroy(userId, ended.id));
    await drained(sync);
    await until('the store is known to have all', async () => (await global.keys(`${prefix}:*:held:*`)).length === 64);
    await patiently(() => servers.global.ask('flushall'));
    await until('it is told of both again', async () => refilled.includes(2));
    await drained(sync);
    await knownInOsaka(kept.id);
    const left = await patiently(() => global.hkeys(sessionKeys(prefix).session(userId, ended.id)));
    expect(left).toEqual(['endedAt']);
    // In the other region nobody heard; once it is told there, it ends.
    await patiently(() => osaka.sessions.touch(userId, ended.id));
    await patiently(() => osaka.sync());
    expect(await patiently(() => osaka.sessions.get(userId, ended.id))).toBeUndefined();
  });
});

describe.each(['local', 'global'] as const)('a sync whose %s store', (which) => {
  const server = servers[which];
  const faults = {
    killed: () => server.kill(),
    frozen: async () => server.freeze(),
  };
  const steps = ['take', 'push', 'acknowledge'] as const satisfies SyncStep[];
  const cases = (['killed', 'frozen'] as const).flatMap((how) => steps.map((step) => [how, step] as const));

  test.each(cases)('is %s before it comes to "%s" loses nothing', { timeout: 150_000 }, async (how, step) => {
    const [known, leaving] = [await begin(), await begin()];
    const first = start();
    for (const { id } of [known, leaving]) await knownInOsaka(id);
    await first.stop();
    const begun = await begin();
    await patiently(() => tokyo().sessions.touch(userId, known.id));
    await patiently(() => tokyo().sessions.destroy(userId, leaving.id));

    const struck = Promise.withResolvers<void>();
    let isStruck = false;
    const sync = start({
      async before(next) {
        if (next !== step || isStruck) return;
        isStruck = true;
        await faults[how]();
        struck.resolve();
      },
    });
    await struck.promise;
    server.thaw();
    await server.start();
    await drained(sync);
    await knownInOsaka(begun.id);
    const ended = await patiently(() => global.hkeys(sessionKeys(prefix).session(userId, leaving.id)));
    expect(ended).toEqual(['endedAt']);
    expect(await patiently(() => local.keys(`${prefix}:*:session:*`))).toHaveLength(3);
    const [here, there] = await Promise.all(
      [local, global].map((redis) => patiently(() => redis.hgetall(sessionKeys(prefix).session(userId, known.id)))),
    );
    expect(here).not.toHaveProperty('queued');
    expect(there).toMatchObject({ id: known.id });
  });
});
