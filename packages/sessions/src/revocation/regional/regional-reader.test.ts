import { afterEach, describe, expect, test, vi } from 'vitest';
import { logWith } from '../../testing/memory-log.ts';
import { type MemoryRegions, memoryRegions, type Step } from '../../testing/memory-regions.ts';
import { kidOf, refuses } from '../../testing/refusals.ts';
import type { RevocationReader } from '../reader.ts';
import type { RevocationEntry } from '../revocation.ts';

const worlds: MemoryRegions[] = [];
afterEach(() => Promise.all(worlds.splice(0).map((world) => world.stop())));

const LIFE_MS = 24 * 60 * 60_000;

function setUp(skews: Readonly<Record<string, number>> = { tokyo: 0, osaka: 300_000, kyoto: -300_000 }) {
  const world = memoryRegions(skews);
  worlds.push(world);
  const { time, region } = world;
  const regions = Object.keys(skews).map(region);
  const session = (id: string): RevocationEntry => ({ kind: 'session', id, until: time.now + LIFE_MS });
  const user = (id: string, from: string): RevocationEntry => ({
    ...{ kind: 'user', id, region: from },
    ...{ issuedBefore: region(from).seconds(), until: time.now + LIFE_MS },
  });
  /** Until it holds, time goes by. */
  const settled = (what: () => void) =>
    vi.waitFor(
      () => {
        world.tick();
        what();
      },
      { timeout: 60_000, interval: 2 },
    );
  const started = async (...readers: readonly RevocationReader[]) => {
    let count = 0;
    for (const { ready } of readers) {
      void ready.then(() => {
        count += 1;
      });
    }
    await settled(() => expect(count).toBe(readers.length));
  };
  /** Time goes by: nothing comes after it that was not there before. */
  const quiet = async () => {
    for (let moment = 0; moment < 50; moment += 1) {
      world.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { ...world, regions, session, user, settled, started, quiet, tokyo: region('tokyo'), osaka: region('osaka') };
}

const accepts = (reader: RevocationReader, { iat, region }: { iat: number; region: string }) =>
  reader.check({ sub: 'alice', iat }, kidOf(region)) === undefined;

describe('readers of several regions', () => {
  test('know what each of them revoked, wherever it was, each log having it once', async () => {
    const { regions, session, global, settled, started, quiet } = setUp();
    const readers = regions.flatMap((region) => [region.start(), region.start(), region.start({ isGuard: true })]);
    await started(...readers);
    for (const { name, local } of regions) local.add(session(name));
    global.add(session('global'));
    await settled(() => {
      for (const reader of readers) {
        for (const id of ['tokyo', 'osaka', 'kyoto', 'global']) expect(refuses(reader, id)).toBe(true);
      }
      for (const log of [global, ...regions.map(({ local }) => local)]) expect(log.added).toBe(4);
    });
    await quiet();
    for (const log of [global, ...regions.map(({ local }) => local)]) expect(log.added).toBe(4);
  });

  test('a user that is revoked is answered once by each other region, and each log has all of it once', async () => {
    const { regions, user, global, settled, quiet, tokyo } = setUp();
    const readers = regions.flatMap((region) => [region.start(), region.start()]);
    tokyo.local.add(user('alice', 'tokyo'));
    await settled(() => {
      for (const log of [global, ...regions.map(({ local }) => local)]) expect(log.added).toBe(3);
      for (const reader of readers) expect(reader.behindMs).toBeLessThan(60_000);
    });
    await quiet();
    for (const log of [global, ...regions.map(({ local }) => local)]) expect(log.added).toBe(3);
    for (const reader of readers) {
      for (const { name, seconds } of regions) {
        expect(accepts(reader, { iat: seconds() - 60, region: name })).toBe(false);
        expect(accepts(reader, { iat: seconds() + 60, region: name })).toBe(true);
      }
    }
    for (const { name, arrived } of regions) {
      expect(new Set(arrived.map(({ region }) => region))).toEqual(new Set(name === 'tokyo' ? [] : ['tokyo']));
    }
  });

  test('nothing that a region issued while it was cut off passes, and what it issues after it heard does', async () => {
    const { user, settled, tick, tokyo, osaka, regions } = setUp({ tokyo: 0, osaka: 300_000 });
    const [here, there] = [tokyo.start(), osaka.start()];
    await settled(() => expect([here.behindMs, there.behindMs]).not.toContain(Number.POSITIVE_INFINITY));
    osaka.isCut = true;
    tokyo.local.add(user('alice', 'tokyo'));
    await settled(() => expect(accepts(here, { iat: tokyo.seconds(), region: 'tokyo' })).toBe(false));
    tick(10 * 60_000);
    const issued = osaka.seconds();
    expect(accepts(here, { iat: issued, region: 'osaka' })).toBe(false);
    expect(accepts(there, { iat: issued, region: 'osaka' })).toBe(true);
    osaka.isCut = false;
    await settled(() => {
      for (const reader of [here, there]) {
        expect(accepts(reader, { iat: issued, region: 'osaka' })).toBe(false);
        expect(accepts(reader, { iat: osaka.seconds() + 1, region: 'osaka' })).toBe(true);
      }
    });
    expect(regions.map(({ arrived }) => arrived.length)).toEqual([0, 1]);
  });

  test('tell of no region that they were not told of, and where news are from that they were', async () => {
    const { session, settled, started, tokyo, global } = setUp({ tokyo: 0, osaka: 0 });
    const told: unknown[][] = [];
    const observer = { propagated: (...args: unknown[]) => told.push(args) };
    const reader = tokyo.start({ observers: { global: observer, local: observer } });
    await started(reader);
    for (const from of ['nara', 'tokyo', 'osaka']) await global.restore([{ ...session(from), from, ageMs: 2_000 }]);
    await settled(() => expect(refuses(reader, 'osaka')).toBe(true));
    expect(told.map(([, kind, from]) => [kind, from])).toEqual([
      ['session', undefined],
      ['session', undefined],
      ['session', 'osaka'],
    ]);
    for (const [seconds] of told) expect(seconds).toBeGreaterThanOrEqual(2);
  });

  test('go on by either log, and learn by the other what they missed', async () => {
    const { session, settled, started, tokyo, global } = setUp();
    const reader = tokyo.start();
    await started(reader);
    tokyo.local.fail(new Error('away'));
    global.add(session('by-global'));
    await settled(() => expect(refuses(reader, 'by-global')).toBe(true));
    tokyo.local.fail(undefined);
    tokyo.isCut = true;
    tokyo.local.add(session('by-local'));
    await settled(() => expect(refuses(reader, 'by-local')).toBe(true));
    expect(global.added).toBe(1);
    tokyo.isCut = false;
    await settled(() => expect([global.added, tokyo.local.added]).toEqual([2, 2]));
  });

  test.each(['local', 'global'] as const)(
    'a %s log that restarts empty gets everything back, and nothing is answered anew',
    async (which) => {
      const { session, user, settled, tokyo, osaka, global } = setUp({ tokyo: 0, osaka: 0 });
      const readers = [tokyo.start(), osaka.start()];
      await settled(() => expect(Math.max(...readers.map(({ behindMs }) => behindMs))).toBeLessThan(60_000));
      tokyo.local.add(session('s1'), user('alice', 'tokyo'));
      await settled(() => expect([global.added, tokyo.local.added, osaka.local.added]).toEqual([3, 3, 3]));
      const answered = osaka.seconds();
      const log = which === 'local' ? osaka.local : global;
      log.flush();
      await settled(() => expect(log.added).toBe(6));
      await Promise.all(readers.map((reader) => reader.stop()));
      const late = osaka.start({ isGuard: true });
      await settled(() => expect(refuses(late, 's1')).toBe(true));
      expect(accepts(late, { iat: answered - 60, region: 'osaka' })).toBe(false);
      expect(accepts(late, { iat: answered + 1, region: 'osaka' })).toBe(true);
      expect(osaka.arrived).toHaveLength(1);
    },
  );

  test.each<Step>(['restoreGlobal', 'restoreLocal', 'answer', 'onArrival', 'beat'])(
    'a bridge that dies at %s leaves nothing out: the next one goes on',
    async (step) => {
      const { session, user, settled, tokyo, osaka, global } = setUp({ tokyo: 0, osaka: 0 });
      const region = step === 'restoreGlobal' || step === 'beat' ? tokyo : osaka;
      const died = Promise.withResolvers<void>();
      const readers = { tokyo: tokyo.start(), osaka: osaka.start() };
      await settled(() => expect(Math.max(readers.tokyo.behindMs, readers.osaka.behindMs)).toBeLessThan(60_000));
      region.before[step] = () => {
        died.resolve();
        throw new Error('the process died');
      };
      tokyo.local.add(session('s1'), user('alice', 'tokyo'));
      await settled(() => expect(region.before[step]).toBeUndefined());
      await died.promise;
      await readers[region.name === 'tokyo' ? 'tokyo' : 'osaka'].stop();
      const after = region.start();
      const other = region.name === 'tokyo' ? readers.osaka : readers.tokyo;
      await settled(() => {
        for (const log of [global, tokyo.local, osaka.local]) expect(log.added).toBe(3);
        for (const reader of [after, other]) {
          expect(refuses(reader, 's1')).toBe(true);
          expect(accepts(reader, { iat: osaka.seconds() + 1, region: 'osaka' })).toBe(true);
          expect(reader.behindMs).toBeLessThan(60_000);
        }
      });
      expect(osaka.arrived.length).toBeGreaterThan(0);
    },
  );

  test('tell how far they are behind, and wait for no region that is lost', async () => {
    const { settled, started, tick, time, tokyo, osaka, global } = setUp({ tokyo: 0, osaka: 0 });
    const reader = tokyo.start();
    await started(reader);
    expect(reader.behindMs).toBe(Number.POSITIVE_INFINITY);
    expect(reader.regions()).toEqual([
      {
        ...{ name: 'osaka', state: 'present' },
        ...{ ageMs: Number.POSITIVE_INFINITY, untoldMs: Number.POSITIVE_INFINITY },
      },
    ]);
    const there = osaka.start();
    await settled(() => expect(reader.behindMs).toBeLessThan(10_000));
    await there.stop();
    tick(600_000);
    await settled(() => expect(reader.behindMs).toBeGreaterThan(600_000));
    await settled(() => expect(reader.staleMs).toBeLessThan(10_000));
    await global.mark({ name: 'osaka', state: 'lost', at: time.now });
    await settled(() => expect(reader.behindMs).toBe(0));
    expect(reader.regions()[0]).toMatchObject({ name: 'osaka', state: 'lost' });
    // What one store says of a region the other is told too.
    await settled(async () => expect((await tokyo.local.regions()).marks).toHaveLength(1));
    await global.mark({ name: 'osaka', state: 'present', at: time.now + 1 });
    await settled(() => expect(reader.behindMs).toBeGreaterThan(600_000));
  });

  test('a region cut off tells no other that it is whole, until it has caught up', async () => {
    const { session, settled, tick, tokyo, osaka } = setUp({ tokyo: 0, osaka: 0 });
    const [here, there] = [tokyo.start(), osaka.start()];
    await settled(() => expect(Math.max(here.behindMs, there.behindMs)).toBeLessThan(10_000));
    osaka.isCut = true;
    osaka.local.add(session('s1'));
    tick(600_000);
    await settled(() => expect(Math.min(here.behindMs, there.behindMs)).toBeGreaterThan(600_000));
    osaka.isCut = false;
    await settled(() => expect(here.behindMs).toBeLessThan(10_000));
    expect(refuses(here, 's1')).toBe(true);
  });

  test('what global acknowledged and lost before its writer read it is brought again, and nobody is told before that it is there', async () => {
    const { global, tokyo, osaka, session, settled, started, quiet } = setUp({ tokyo: 0, osaka: 300_000 });
    let gate = Promise.withResolvers<void>();
    gate.resolve();
    const late = async (position: string) => {
      await gate.promise;
      return global.next(position);
    };
    const close = () => {
      gate.resolve();
      global.tick();
    };
    await started(tokyo.start({ global: logWith(global, { next: late, close }) }));
    const wholeAt = async () => (await global.regions()).whole.get('tokyo');
    gate = Promise.withResolvers();
    await quiet();
    tokyo.local.add(session('s1'));
    await settled(() => expect(global.added).toBe(1));
    global.loseLast(1);
    global.takeOver();
    const before = await wholeAt();
    await quiet();
    expect(await wholeAt()).toBe(before);
    gate.resolve();
    await settled(() => expect(global.added).toBe(2));
    const reader = osaka.start();
    await settled(() => expect(refuses(reader, 's1')).toBe(true));
    await settled(() => expect(reader.behindMs).toBeLessThan(5_000));
  });

  test('a region whose own store is away is whole by global, and so are its readers', async () => {
    const { settled, started, tick, tokyo, osaka } = setUp({ tokyo: 0, osaka: 0 });
    osaka.local.fail(new Error('away'));
    const [here, there] = [tokyo.start(), osaka.start()];
    const guard = osaka.start({ isGuard: true });
    await started(there, guard);
    tick(600_000);
    await settled(() => {
      expect(Math.max(there.staleMs, guard.staleMs)).toBeLessThan(20_000);
      expect(Math.max(here.behindMs, there.behindMs)).toBeLessThan(20_000);
    });
  });
});
