import { afterEach, describe, expect, test, vi } from 'vitest';
import { logWith } from '../../testing/memory-log.ts';
import { type MemoryRegions, memoryRegions } from '../../testing/memory-regions.ts';
import { refuses } from '../../testing/refusals.ts';
import type { RevocationEntry } from '../revocation.ts';

const worlds: MemoryRegions[] = [];
afterEach(() => Promise.all(worlds.splice(0).map((world) => world.stop())));

const MINUTE = 60_000;

/** Two regions that hear each other. */
async function setUp() {
  const world = memoryRegions({ tokyo: 0, osaka: 300_000 });
  worlds.push(world);
  const { time, region, tick } = world;
  const [tokyo, osaka] = [region('tokyo'), region('osaka')];
  const settled = (what: () => unknown) =>
    vi.waitFor(
      () => {
        tick();
        return what();
      },
      { timeout: 60_000, interval: 2 },
    );
  const session = (id: string): RevocationEntry => ({ kind: 'session', id, until: time.now + 24 * 60 * MINUTE });
  const noted = async () => (await tokyo.local.regions()).noted.get('osaka')?.stored ?? 0;
  const readers = { tokyo: tokyo.start(), osaka: osaka.start() };
  await settled(async () => expect(time.now - (await noted())).toBeLessThan(10_000));
  /** Nothing crosses the line any more, and no process is left that knew what had. */
  const cut = async () => {
    tokyo.isCut = true;
    await readers.tokyo.stop();
  };
  const startGuard = async () => {
    const guard = tokyo.start({ isGuard: true });
    let isReady = false;
    void guard.ready.then(() => {
      isReady = true;
    });
    await settled(() => expect(isReady).toBe(true));
    return guard;
  };
  return { ...world, tokyo, osaka, settled, session, noted, readers, cut, startGuard };
}

describe('a process that starts while the global store is away', () => {
  test('knows what other regions had revoked until then, and how long ago that was', async () => {
    const { tick, settled, session, osaka, readers, cut, startGuard } = await setUp();
    osaka.local.add(session('s1'));
    await settled(() => expect(refuses(readers.tokyo, 's1')).toBe(true));
    await cut();
    tick(10 * MINUTE);
    const guard = await startGuard();
    expect(refuses(guard, 's1')).toBe(true);
    expect(guard.behindMs).toBeGreaterThan(10 * MINUTE);
    expect(guard.behindMs).toBeLessThan(12 * MINUTE);
    tick(5 * MINUTE);
    expect(guard.behindMs).toBeGreaterThan(15 * MINUTE);
  });

  test('and brings what this region revokes to the others tells no later moment than it knows', async () => {
    const { tick, settled, noted, tokyo, cut, startGuard } = await setUp();
    await cut();
    const before = await noted();
    tick(10 * MINUTE);
    const next = tokyo.start();
    await settled(() => expect(next.behindMs).toBeLessThan(11 * MINUTE));
    const guard = await startGuard();
    expect(Math.min(next.behindMs, guard.behindMs)).toBeGreaterThan(10 * MINUTE);
    expect(await noted()).toBe(before);
  });

  test('does not know it where the store lacks what the shared one told', async () => {
    const { tick, settled, session, osaka, tokyo, readers, cut, startGuard } = await setUp();
    // As in a store that takes no writes of the one kind, yet of the other.
    const lacking = (): never => {
      tokyo.before.restoreLocal = lacking;
      throw new Error('no room');
    };
    tokyo.before.restoreLocal = lacking;
    osaka.local.add(session('s1'));
    await settled(() => expect(refuses(readers.tokyo, 's1')).toBe(true));
    tick(MINUTE);
    await settled(() => expect(readers.tokyo.behindMs).toBeLessThan(MINUTE / 2));
    await cut();
    const guard = await startGuard();
    expect(refuses(guard, 's1')).toBe(false);
    expect(guard.behindMs).toBeGreaterThan(MINUTE);
  });

  test('does not know it by a store that lost everything, until a process that knows made it good', async () => {
    const { settled, session, osaka, tokyo, readers, cut, noted, startGuard } = await setUp();
    osaka.local.add(session('s1'));
    await settled(() => expect(refuses(readers.tokyo, 's1')).toBe(true));
    const seen = Promise.withResolvers<boolean>();
    tokyo.before.restoreLocal = () => void noted().then((moment) => seen.resolve(moment === 0));
    tokyo.local.flush();
    await settled(async () => expect(await noted()).toBeGreaterThan(0));
    expect(await seen.promise).toBe(true);
    await cut();
    const guard = await startGuard();
    expect(refuses(guard, 's1')).toBe(true);
    expect(guard.behindMs).toBeLessThan(MINUTE);
  });
});

describe('a process that cannot reach the global store, beside one that can', () => {
  test('follows the other regions by its own region', async () => {
    const { tick, settled, session, osaka, tokyo } = await setUp();
    const away = new Error('away');
    const cutOff = logWith(tokyo.local, { next: () => Promise.reject(away), now: () => Promise.reject(away) });
    const guard = tokyo.start({ isGuard: true, global: cutOff });
    await settled(() => expect(guard.behindMs).toBeLessThan(MINUTE));
    tick(10 * MINUTE);
    osaka.local.add(session('s1'));
    await settled(() => expect([refuses(guard, 's1'), guard.behindMs < MINUTE]).toEqual([true, true]));
  });
});
