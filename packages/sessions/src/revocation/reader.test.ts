import { afterEach, describe, expect, test } from 'vitest';
import { logWith, MemoryLog } from '../testing/memory-log.ts';
import { refuses } from '../testing/refusals.ts';
import { patiently } from '../testing/waiting.ts';
import type { FollowerOptions } from './follower.ts';
import { type RevocationReader, startRevocationReader } from './reader.ts';
import type { RevocationEntry } from './revocation.ts';

const readers: RevocationReader[] = [];
afterEach(() => Promise.all(readers.splice(0).map((reader) => reader.stop())));

function setUp(options: Partial<FollowerOptions> = {}) {
  const time = { now: 1_800_000_000_000, monotonic: 0 };
  const log = new MemoryLog(() => time.now);
  const told: unknown[][] = [];
  const tell =
    (what: string) =>
    (...args: unknown[]) =>
      void told.push([what, ...args]);
  const start = (followed: FollowerOptions['log'] = log) => {
    const reader = startRevocationReader({
      log: followed,
      clock: () => new Date(time.now),
      monotonic: () => time.monotonic,
      sleep: async () => {
        await new Promise((resolve) => setImmediate(resolve));
      },
      observer: {
        propagated: tell('propagated'),
        loaded: tell('loaded'),
        restored: tell('restored'),
        unrestored: tell('unrestored'),
        state: tell('state'),
        unreadable: tell('unreadable'),
      },
      ...options,
    });
    readers.push(reader);
    return reader;
  };
  const session = (id: string): RevocationEntry => ({ kind: 'session', id, until: time.now + 900_000 });
  return { time, log, told, start, session };
}

describe('a reader of revocations', { timeout: 90_000 }, () => {
  test('knows what was revoked before it started, and says so', async () => {
    const { log, start, session, told } = setUp();
    log.add(session('s1'));
    const reader = start();
    expect(reader.staleMs).toBe(Number.POSITIVE_INFINITY);
    await reader.ready;
    expect(refuses(reader, 's1')).toBe(true);
    expect(refuses(reader, 's2')).toBe(false);
    expect(told).toContainEqual(['loaded', 'start', 1]);
  });

  test('misses nothing that is revoked while it loads', async () => {
    const { log, start, session } = setUp();
    log.add(session('s1'));
    log.whileLoading(() => log.add(session('s2')));
    const reader = start();
    await patiently(() => expect(refuses(reader, 's2')).toBe(true));
    expect(refuses(reader, 's1')).toBe(true);
  });

  test('follows, and tells how long an entry took, allowing for a clock that differs', async () => {
    const { log, start, session, told, time } = setUp({ clock: () => new Date(time.now - 30_000) });
    const reader = start();
    await reader.ready;
    log.add(session('s1'));
    await patiently(() => expect(refuses(reader, 's1')).toBe(true));
    expect(told.filter(([what]) => what !== 'state')).toEqual([
      ['loaded', 'start', 0],
      ['propagated', 0, 'session', undefined],
    ]);
  });

  test('loads again when the stream was cut behind its back, once', async () => {
    const { log, start, session, told } = setUp();
    const reader = start();
    await reader.ready;
    log.fail(new Error('away'));
    await patiently(() => expect(told).toContainEqual(['state', 'lost', expect.any(Error)]));
    log.add(session('s1'), session('s2'), session('s3'));
    log.trim(1);
    log.fail(undefined);
    await patiently(() => expect(refuses(reader, 's1')).toBe(true));
    await patiently(() => expect(told).toContainEqual(['loaded', 'gap', 3]));
    log.add(session('s4'));
    await patiently(() => expect(refuses(reader, 's4')).toBe(true));
    expect(told.filter(([what]) => what === 'loaded')).toHaveLength(2);
  });

  test('resumes without loading when nothing was lost while Redis was away', async () => {
    const { log, start, session, told } = setUp();
    const reader = start();
    await reader.ready;
    log.fail(new Error('away'));
    await patiently(() => expect(told).toContainEqual(['state', 'lost', expect.any(Error)]));
    log.add(session('s1'));
    log.fail(undefined);
    await patiently(() => expect(refuses(reader, 's1')).toBe(true));
    expect(told.filter(([what]) => what === 'loaded')).toHaveLength(1);
    expect(told.filter(([what]) => what === 'state').map(([, state]) => state)).toEqual([
      'following',
      'lost',
      'following',
    ]);
  });

  test.each(['flush', 'loseLast'] as const)('keeps what Redis lost (%s), and brings it back', async (how) => {
    const lost: RevocationEntry[] = [];
    const { log, start, session, told } = setUp({
      restore: async (entries) => {
        lost.push(...entries);
        log.add(...entries);
      },
    });
    const reader = start();
    await reader.ready;
    log.add(session('s1'), session('s2'));
    await patiently(() => expect(refuses(reader, 's2')).toBe(true));
    if (how === 'flush') log.flush();
    else log.loseLast(1);
    await patiently(() => expect(told).toContainEqual(['restored', how === 'flush' ? 2 : 1]));
    expect(lost.map(({ id }) => id)).toEqual(how === 'flush' ? ['s1', 's2'] : ['s2']);
    const other = start();
    await other.ready;
    expect([refuses(other, 's1'), refuses(other, 's2')]).toEqual([true, true]);
  });

  test('loads again when another server took over, and tells whether that one lacked something', async () => {
    const { log, start, session, told } = setUp({ restore: async (entries) => log.restore(entries) });
    const reader = start();
    await reader.ready;
    log.add(session('s1'));
    await patiently(() => expect(refuses(reader, 's1')).toBe(true));
    const loaded = (why: string, entries: number) =>
      patiently(() => {
        log.tick();
        expect(told).toContainEqual(['loaded', why, entries]);
      });
    log.takeOver();
    await loaded('takeover', 1);
    log.loseLast(1);
    log.takeOver();
    await loaded('gap', 0);
    await patiently(() => expect(log.added).toBe(2));
  });

  test('notices a loss that other entries have made up for in number', async () => {
    const { log, start, session, told, time } = setUp();
    const reader = start();
    await reader.ready;
    log.add(session('s1'), session('s2'));
    await patiently(() => expect(refuses(reader, 's2')).toBe(true));
    log.fail(new Error('away'));
    await patiently(() => expect(told).toContainEqual(['state', 'lost', expect.any(Error)]));
    log.loseLast(1);
    time.now += 1;
    log.add(session('s3'));
    log.fail(undefined);
    await patiently(() => expect(told).toContainEqual(['loaded', 'gap', 2]));
    for (const id of ['s1', 's2', 's3']) expect(refuses(reader, id)).toBe(true);
  });

  test('goes on following when it may not write back, and tells once', async () => {
    const { log, start, session, told, time } = setUp({ restore: () => Promise.reject(new Error('NOPERM')) });
    const reader = start();
    await reader.ready;
    log.add(session('s1'));
    await patiently(() => expect(refuses(reader, 's1')).toBe(true));
    log.flush();
    for (const id of ['s2', 's3']) {
      time.now += 1;
      log.add(session(id));
      await patiently(() => expect(refuses(reader, id)).toBe(true));
    }
    expect(refuses(reader, 's1')).toBe(true);
    expect(told.filter(([what]) => what === 'unrestored')).toEqual([['unrestored', 1, expect.any(Error)]]);
  });

  test('keeps its state while Redis is away, and tells how old it is', async () => {
    const { log, start, session, told, time } = setUp();
    log.add(session('s1'));
    const reader = start();
    await reader.ready;
    expect(reader.staleMs).toBe(0);
    log.fail(new Error('away'));
    await patiently(() => expect(told).toContainEqual(['state', 'lost', expect.any(Error)]));
    time.monotonic += 5_000;
    expect(reader.staleMs).toBe(5_000);
    expect(refuses(reader, 's1')).toBe(true);
    log.fail(undefined);
    log.add(session('s2'));
    await patiently(() => expect(reader.staleMs).toBe(0));
  });

  test('takes an answer for as old as it may be when it reads it late', async () => {
    const { log, start, time } = setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    let isAsked = false;
    const next: typeof log.next = async (position) => {
      if (isAsked) return log.next(position);
      isAsked = true;
      await promise;
      return { ...(await log.head()), last: position, entries: [] };
    };
    const reader = start(logWith(log, { next }));
    await patiently(() => expect(isAsked).toBe(true));
    // The process stands still, and finds the answer where it came long ago.
    time.monotonic += 10_000;
    const before = reader.staleMs;
    resolve();
    await patiently(() => expect(reader.staleMs).not.toBe(before));
    expect(reader.staleMs).toBe(9_000);
  });

  test('passes over an entry of a kind that it does not know, and says how many', async () => {
    const { log, start, session, told } = setUp();
    log.add(undefined, session('s1'));
    const reader = start();
    await reader.ready;
    log.add(undefined, session('s2'));
    await patiently(() => expect(refuses(reader, 's2')).toBe(true));
    expect(refuses(reader, 's1')).toBe(true);
    expect(told.filter(([what]) => what === 'unreadable')).toEqual([
      ['unreadable', 1],
      ['unreadable', 1],
    ]);
    expect(told.filter(([what]) => what === 'loaded')).toHaveLength(1);
  });

  test('forgets entries that are over', async () => {
    const { log, start, session, time } = setUp();
    log.add(session('s1'));
    const reader = start();
    await reader.ready;
    expect(reader.size).toBe(1);
    time.now += 1_000_000;
    time.monotonic += 61_000;
    log.add({ kind: 'session', id: 's2', until: time.now + 900_000 });
    await patiently(() => expect(refuses(reader, 's2')).toBe(true));
    await patiently(() => expect(reader.size).toBe(1));
  });

  test('stops in the middle of a wait, and keeps what it knows', async () => {
    const { log, start, session } = setUp();
    log.add(session('s1'));
    const reader = start();
    await reader.ready;
    await reader.stop();
    expect(log.isClosed).toBe(true);
    expect(refuses(reader, 's1')).toBe(true);
  });
});
