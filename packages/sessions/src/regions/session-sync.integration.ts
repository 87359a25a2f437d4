import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { sessionKeys } from '../keys.ts';
import { createSessionStore } from '../open-store.ts';
import { startValkey } from '../testing/valkey.ts';
import { patiently, until } from '../testing/waiting.ts';
import { type SessionSync, type SessionSyncOptions, startSessionSync } from './session-sync.ts';
import { createSyncTurn, type SyncStep } from './sync-turn.ts';
import { connected, createRegion, type RegionUnderTest, waitingIn } from './testing/world.ts';

const servers = { local: await startValkey(inject('valkey')), global: await startValkey(inject('valkey')) };
const local = await connected(servers.local.url);
const global = await connected(servers.global.url);
/** As processes have them: what gets no answer fails soon. */
const hasty = { local: await connected(servers.local.url, 1_000), global: await connected(servers.global.url, 1_000) };
const elsewhere = await connected(`${inject('redisUrl')}/7`);
afterAll(async () => {
  for (const redis of [local, global, elsewhere, ...Object.values(hasty)]) redis.disconnect();
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

function start(options: Partial<SessionSyncOptions> = {}): SessionSync {
  const evict = async () => undefined;
  const sync = startSessionSync({ ...QUICK, local, global, prefix, clock, evict, consumer: randomUUID(), ...options });
  syncs.push(sync);
  return sync;
}

const drained = (sync: SessionSync) =>
  until('nothing waits', async () => (await waitingIn(local, prefix)) === 0 && sync.waiting === 0);

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
    expect(sync.untoldMs).toBe(Number.POSITIVE_INFINITY);
    await until('it tells', async () => sync.waiting === 1 && sync.lagMs > 200);
    expect(sync.untoldMs).toBeGreaterThan(100);
    await sync.stop();
    const next = start();
    await drained(next);
    // Later than the session by now, so that it was told of.
    await until('it knows that all is told', async () => next.untoldMs < 1_000);
    await knownInOsaka(id);
  });

  test('brings at once what another process was given whose line is cut, and that goes on trying', async () => {
    const claimAfterMs = 3_600_000;
    const tries: string[] = [];
    start({
      claimAfterMs,
      onPush: (result) => tries.push(result),
      before(step) {
        if (step === 'push') throw new Error('the line is cut');
      },
    });
    const { id } = await begin();
    await until('it was tried', async () => tries.includes('failed'));
    const other = start({ claimAfterMs });
    await knownInOsaka(id);
    await drained(other);
  });

  test('brings what failed here and went to another process, which does not come back with it', async () => {
    await begin();
    let isCut = true;
    const before = (step: SyncStep) => {
      if (step === 'push' && isCut) throw new Error('the line is cut');
    };
    const evict = async () => undefined;
    const turn = createSyncTurn({ local, global, prefix, clock, evict, consumer: 'here', before });
    const patience = { count: 8, claimAfterMs: 0 };
    expect((await turn(patience)).failure).toBeDefined();
    await local.xautoclaim(sessionKeys(prefix).outboxOf(userId), 'sync', 'gone', 0, '0');
    isCut = false;
    expect(await turn(patience)).toMatchObject({ waiting: 1, failure: undefined });
    expect(await turn(patience)).toMatchObject({ waiting: 0 });
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
    const sync = start();
    await knownInOsaka(ended.id);
    await patiently(() => tokyo().sessions.destroy(userId, ended.id));
    await drained(sync);
    await until('the store is known to have all', async () => (await global.keys(`${prefix}:*:holds:*`)).length === 64);
    await patiently(() => servers.global.ask('flushall'));
    const left = () => global.hkeys(sessionKeys(prefix).session(userId, ended.id));
    await until('it is told again of what ended', async () => (await left()).join() === 'endedAt');
    await knownInOsaka(kept.id);
    await drained(sync);
    // In the other region nobody heard; once it is told there, it ends.
    await patiently(() => osaka.sessions.touch(userId, ended.id));
    await patiently(() => osaka.sync());
    expect(await patiently(() => osaka.sessions.get(userId, ended.id))).toBeUndefined();
  });

  test('tells a global store that was brought back from a backup what it missed: what began since, and what ended', async () => {
    const ended = await begin();
    const sync = start();
    await drained(sync);
    await until('the store is known to have all', async () => (await global.keys(`${prefix}:*:holds:*`)).length === 64);
    const restore = await backUpGlobal();
    const later = await begin();
    await patiently(() => tokyo().sessions.destroy(userId, ended.id));
    await drained(sync);
    await sync.stop();
    await restore();
    start();
    const left = () => global.hkeys(sessionKeys(prefix).session(userId, ended.id));
    await until('what ended has ended there', async () => (await left()).join() === 'endedAt');
    await knownInOsaka(later.id);
    expect(await patiently(() => osaka.sessions.get(userId, ended.id))).toBeUndefined();
  });
});

/** What the global store holds now. @returns what brings it back to that, as if ten minutes had passed */
async function backUpGlobal(): Promise<() => Promise<void>> {
  const names = await patiently(() => global.keys(`${prefix}:*`));
  const copies = await patiently(() =>
    Promise.all(names.map(async (name) => [name, await global.pttl(name), await global.dumpBuffer(name)] as const)),
  );
  return async () => {
    await patiently(() => servers.global.ask('flushall'));
    for (const [name, life, copy] of copies) {
      await patiently(() => global.restore(name, Math.max(life, 0), copy, 'REPLACE'));
      if (name.includes(':holds:')) await patiently(() => global.decrby(name, 600_000));
    }
  };
}

describe.each(['local', 'global'] as const)('a sync whose %s store', (which) => {
  const server = servers[which];
  const faults = {
    killed: () => server.kill(),
    frozen: async () => server.freeze(),
  };
  const steps = ['take', 'push', 'acknowledge'] as const satisfies SyncStep[];
  const cases = (['killed', 'frozen'] as const).flatMap((how) => steps.map((step) => [how, step] as const));

  test.each(cases)('is %s before it comes to "%s" loses nothing', { timeout: 600_000 }, async (how, step) => {
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
      ...hasty,
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
    const ofKnown = sessionKeys(prefix).session(userId, known.id);
    // A store that restarted is told once more of what it was told just before.
    await until('it does not wait', async () => (await local.hexists(ofKnown, 'queued')) === 0);
    expect(await patiently(() => global.hget(ofKnown, 'id'))).toBe(known.id);
  });
});
