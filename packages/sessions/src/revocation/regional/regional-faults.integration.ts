import { randomUUID } from 'node:crypto';
import { type Line, startLine } from '@sekisho/telemetry/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { historyOf } from '../../regions/resend.ts';
import { openRegion, type RealRegion } from '../../testing/real-regions.ts';
import { kidOf, refuses } from '../../testing/refusals.ts';
import { startValkey, type Valkey } from '../../testing/valkey.ts';
import { patiently } from '../../testing/waiting.ts';
import { revocationKeys } from '../keys.ts';
import type { Head, Position } from '../log.ts';
import type { RevocationReader } from '../reader.ts';

describe('two regions, of which', { timeout: 600_000 }, () => {
  /** Of tokyo, of osaka, and of both. */
  let servers: { tokyo: Valkey; osaka: Valkey; global: Valkey };
  let lines: { tokyo: Line; osaka: Line };
  let prefix: string;
  let tokyo: RealRegion;
  let osaka: RealRegion;
  let readers: { tokyo: RevocationReader; osaka: RevocationReader; guard: RevocationReader };

  beforeAll(async () => {
    const start = () => startValkey(inject('valkey'));
    const [own, other, global] = await Promise.all([start(), start(), start()]);
    servers = { tokyo: own, osaka: other, global };
    lines = { tokyo: await startLine(global.url), osaka: await startLine(global.url) };
  });
  afterAll(async () => {
    await Promise.all(Object.values(lines).map((line) => line.close()));
    await Promise.all(Object.values(servers).map((server) => server.remove()));
  });

  beforeEach(async () => {
    prefix = `test-${randomUUID()}`;
    const open = (name: 'tokyo' | 'osaka', other: string, aheadMs: number) =>
      openRegion({
        ...{ name, prefix, aheadMs, others: [other] },
        ...{ localUrl: servers[name].url, globalUrl: lines[name].url },
      });
    tokyo = await open('tokyo', 'osaka', 0);
    osaka = await open('osaka', 'tokyo', 30_000);
    readers = { tokyo: tokyo.start(), osaka: osaka.start(), guard: osaka.start({ isGuard: true }) };
    await patiently(() => {
      for (const reader of Object.values(readers)) expect(reader.behindMs).toBeLessThan(60_000);
    });
  });
  afterEach(() => Promise.all([tokyo.stop(), osaka.stop()]));

  const revokeEventually = (region: RealRegion, id: string) =>
    patiently(() => region.hasty.revoke({ kind: 'session', id }));
  const everybodyRefuses = (...ids: readonly string[]) =>
    patiently(() => {
      for (const reader of Object.values(readers)) for (const id of ids) expect(refuses(reader, id)).toBe(true);
    });
  /** In every store, as a reader that starts now would find it. */
  const everywhere = (...ids: readonly string[]) =>
    patiently(async () => {
      const key = revocationKeys(prefix).ofKind('session');
      for (const redis of [tokyo.local, osaka.local, tokyo.global]) {
        expect(await redis.zmscore(key, ...ids)).not.toContain(null);
      }
    });

  /** Where the log of a region ends that has an entry. */
  async function lastOf(region: RealRegion): Promise<Position> {
    await region.revoker.revoke({ kind: 'session', id: 's0' });
    const [last] = await region.local.xrevrange(revocationKeys(prefix).stream, '+', '-', 'COUNT', 1);
    if (last === undefined) throw new Error('there is an entry');
    return last[0];
  }

  test.each(['tokyo', 'osaka', 'global'] as const)(
    'the store of %s is killed and comes back with its data',
    async (which) => {
      await servers[which].kill();
      await revokeEventually(tokyo, 'by-tokyo');
      await revokeEventually(osaka, 'by-osaka');
      await patiently(() =>
        expect(refuses(readers.tokyo, 'by-tokyo') && refuses(readers.osaka, 'by-osaka')).toBe(true),
      );
      if (which !== 'global') await everybodyRefuses('by-tokyo', 'by-osaka');
      await servers[which].start();
      await everybodyRefuses('by-tokyo', 'by-osaka');
      await everywhere('by-tokyo', 'by-osaka');
    },
  );

  test.each(['tokyo', 'osaka', 'global'] as const)('the store of %s is frozen, and thaws', async (which) => {
    servers[which].freeze();
    await revokeEventually(tokyo, 'by-tokyo');
    await revokeEventually(osaka, 'by-osaka');
    await patiently(() => expect(refuses(readers.tokyo, 'by-tokyo') && refuses(readers.osaka, 'by-osaka')).toBe(true));
    if (which !== 'global') await everybodyRefuses('by-tokyo', 'by-osaka');
    servers[which].thaw();
    await everybodyRefuses('by-tokyo', 'by-osaka');
    await everywhere('by-tokyo', 'by-osaka');
  });

  test.each(['tokyo', 'osaka', 'global'] as const)(
    'the store of %s restarts empty, and gets everything back',
    async (which) => {
      await tokyo.revoker.revoke({ kind: 'session', id: 's1' }, { kind: 'user', id: 'u1' });
      await everybodyRefuses('s1');
      const iat = Math.floor(Date.now() / 1000) + 300;
      const isOpen = () => readers.tokyo.check({ sub: 'u1', iat }, kidOf('osaka')) === undefined;
      await patiently(() => expect(isOpen()).toBe(true));
      await servers[which].ask('flushall');
      await everywhere('s1');
      await patiently(async () => {
        for (const redis of [tokyo.local, osaka.local, tokyo.global]) {
          expect(await redis.zcard(revocationKeys(prefix).ofKind('user'))).toBe(2);
        }
      });
      // What was answered is not answered anew: who logged in since stays in.
      expect(isOpen()).toBe(true);
      expect(osaka.arrived).toHaveLength(1);
      await revokeEventually(osaka, 's2');
      await everybodyRefuses('s1', 's2');
    },
  );

  test('is cut off for longer than a stream lasts: both learn everything, in both directions', async () => {
    await lines.osaka.cut();
    for (let count = 0; count < 5; count += 1) {
      await tokyo.revoker.revoke({ kind: 'session', id: `tokyo-${count}` }, { kind: 'user', id: `u${count}` });
      await osaka.revoker.revoke({ kind: 'session', id: `osaka-${count}` });
    }
    await osaka.revoker.revoke({ kind: 'client', id: 'web' });
    await patiently(() => expect(refuses(readers.osaka, 'osaka-4') && refuses(readers.tokyo, 'tokyo-4')).toBe(true));
    expect([refuses(readers.tokyo, 'osaka-0'), refuses(readers.osaka, 'tokyo-0')]).toEqual([false, false]);
    const issued = Math.floor(Date.now() / 1000) + 30;
    expect(readers.osaka.check({ sub: 'u0', iat: issued }, kidOf('osaka'))).toBeUndefined();
    for (const redis of [tokyo.local, osaka.local, tokyo.global])
      await redis.xtrim(revocationKeys(prefix).stream, 'MAXLEN', 0);
    await lines.osaka.mend();
    const ids = ['tokyo', 'osaka'].flatMap((name) => [0, 1, 2, 3, 4].map((count) => `${name}-${count}`));
    await everybodyRefuses(...ids);
    await everywhere(...ids);
    await patiently(() => {
      for (const reader of Object.values(readers)) {
        expect(reader.check({ sub: 'u0', iat: issued }, kidOf('osaka'))).toEqual({ kind: 'user' });
        // Answered: by osaka's clock, which is half a minute ahead.
        expect(reader.check({ sub: 'u0', iat: issued + 300 }, kidOf('osaka'))).toBeUndefined();
        expect(reader.check({ client_id: 'web', iat: issued + 300 }, kidOf('tokyo'))).toBeUndefined();
        expect(reader.behindMs).toBeLessThan(60_000);
      }
    });
  });

  test('is cut off, and its processes die, before the line is mended: the next ones bring what it revoked', async () => {
    await lines.osaka.cut();
    await osaka.revoker.revoke({ kind: 'session', id: 's1' });
    await tokyo.revoker.revoke({ kind: 'session', id: 's2' }, { kind: 'user', id: 'u1' });
    await Promise.all([readers.osaka.stop(), readers.guard.stop(), readers.tokyo.stop()]);
    await lines.osaka.mend();
    readers = { tokyo: tokyo.start(), osaka: osaka.start(), guard: osaka.start({ isGuard: true }) };
    await everybodyRefuses('s1', 's2');
    await everywhere('s1', 's2');
    await patiently(() => expect(osaka.arrived).toMatchObject([{ kind: 'user', id: 'u1', region: 'tokyo' }]));
  });

  test('is cut off, and a process starts there: it knows what the others had revoked, and since when it hears nothing', async () => {
    await tokyo.revoker.revoke({ kind: 'session', id: 's1' });
    await everybodyRefuses('s1');
    await everywhere('s1');
    await patiently(async () => {
      expect(await osaka.local.hkeys(revocationKeys(prefix).regions)).toContain('tokyo:noted');
    });
    await lines.osaka.cut();
    await Promise.all([readers.osaka.stop(), readers.guard.stop()]);
    await tokyo.revoker.revoke({ kind: 'session', id: 's2' });
    const cutAt = performance.now();
    readers = { ...readers, osaka: osaka.start(), guard: osaka.start({ isGuard: true }) };
    for (const reader of [readers.osaka, readers.guard]) {
      await patiently(() => expect(reader.behindMs).toBeLessThan(Number.POSITIVE_INFINITY));
      const sinceMs = performance.now() - cutAt;
      expect(reader.behindMs).toBeGreaterThanOrEqual(sinceMs - 1);
      expect([refuses(reader, 's1'), refuses(reader, 's2')]).toEqual([true, false]);
    }
    await lines.osaka.mend();
    await everybodyRefuses('s2');
  });

  test('a store that lost what was written there is not noted to be whole', async () => {
    const { stream } = revocationKeys(prefix);
    const head = { last: await lastOf(osaka), history: await historyOf(osaka.local, stream) };
    const note = (at: Head) => osaka.revoker.bridge.note(at, [{ name: 'nara', ageMs: 0, wall: Date.now() }]);
    const fields = () => osaka.local.hkeys(revocationKeys(prefix).regions);
    await note({ ...head, history: 'another' });
    expect(await fields()).not.toContain('nara:noted');
    await note(head);
    expect(await fields()).toContain('nara:noted');
    await servers.osaka.ask('flushall');
    await osaka.revoker.revoke({ kind: 'session', id: 's1' });
    await note(head);
    expect(await fields()).not.toContain('nara:noted');
  });

  test('the line stands still: revocations are answered in bounded time, and readers tell that they are behind', async () => {
    lines.osaka.freeze();
    await revokeEventually(osaka, 's1');
    await patiently(() => expect(refuses(readers.guard, 's1')).toBe(true));
    await patiently(() => expect(Math.min(readers.osaka.behindMs, readers.tokyo.behindMs)).toBeGreaterThan(5_000));
    expect(readers.osaka.staleMs).toBeLessThan(60_000);
    lines.osaka.thaw();
    await everybodyRefuses('s1');
    await patiently(() => expect(Math.max(readers.osaka.behindMs, readers.tokyo.behindMs)).toBeLessThan(5_000));
  });

  test('neither store can be reached: a revocation says so', async () => {
    await lines.osaka.cut();
    await servers.osaka.kill();
    await patiently(() =>
      expect(osaka.revoker.revoke({ kind: 'session', id: 's1' })).rejects.toMatchObject({ code: 'redis_unavailable' }),
    );
    await servers.osaka.start();
    await lines.osaka.mend();
    await revokeEventually(osaka, 's1');
    await everybodyRefuses('s1');
  });
});
