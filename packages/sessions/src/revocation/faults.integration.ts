import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { RedisConnection } from '../connection.ts';
import { connected } from '../testing/connected.ts';
import { refuses } from '../testing/refusals.ts';
import { startValkey, type Valkey } from '../testing/valkey.ts';
import { patiently } from '../testing/waiting.ts';
import { revocationKeys } from './keys.ts';
import { openRevocationLog } from './open.ts';
import { type RevocationReader, startRevocationReader } from './reader.ts';
import type { Revocation } from './revocation.ts';
import { createRevoker, type Revoker } from './revoker.ts';

const clock = () => new Date();
const session = (id: string): Revocation => ({ kind: 'session', id });

describe('a Redis that', { timeout: 600_000 }, () => {
  let server: Valkey;
  let redis: RedisConnection;
  const readers: RevocationReader[] = [];
  const prefix = `test-${randomUUID()}`;
  let revoker: Revoker;
  /** As processes have it: what gets no answer fails soon. */
  let hasty: RedisConnection;

  beforeAll(async () => {
    server = await startValkey(inject('valkey'));
    [redis, hasty] = [await connected(server.url), await connected(server.url, 500)];
    revoker = createRevoker({ redis, clock, tokenLifetime: 900, prefix });
  });
  afterEach(() => Promise.all(readers.splice(0).map((reader) => reader.stop())));
  afterAll(async () => {
    for (const one of [redis, hasty]) one?.disconnect();
    await server?.remove();
  });

  async function read(): Promise<RevocationReader> {
    const log = openRevocationLog({ url: server.url, prefix });
    const reader = startRevocationReader({ log, clock, restore: revoker.restore });
    readers.push(reader);
    await reader.ready;
    return reader;
  }

  const revokeEventually = (id: string) => patiently(() => revoker.revoke(session(id)));

  test('restarts with its data loses nothing, and is followed again by itself', async () => {
    const reader = await read();
    await revoker.revoke(session('before'));
    await server.kill();
    await expect(revoker.revoke(session('during'))).rejects.toMatchObject({ code: 'redis_unavailable' });
    await server.start();
    await revokeEventually('after');
    await patiently(() => expect(refuses(reader, 'after')).toBe(true));
    const late = await read();
    expect([refuses(late, 'before'), refuses(late, 'after')]).toEqual([true, true]);
  });

  test('loses everything gets it back from a reader', async () => {
    const reader = await read();
    const iat = Math.floor(Date.now() / 1000) - 1;
    await revoker.revoke(session('flushed'), { kind: 'user', id: 'u1' });
    await patiently(() => expect(refuses(reader, 'flushed')).toBe(true));
    await server.ask('flushall');
    await patiently(async () => {
      const late = await read();
      expect(refuses(late, 'flushed')).toBe(true);
      expect(late.check({ sub: 'u1', iat })).toEqual({ kind: 'user' });
    });
    await revoker.revoke(session('next'));
    await patiently(() => expect(refuses(reader, 'next')).toBe(true));
  });

  test('freezes fails a revocation in bounded time, and the reader tells how old its state is', async () => {
    const reader = await read();
    await revoker.revoke(session('cold'));
    await patiently(() => expect(refuses(reader, 'cold')).toBe(true));
    server.freeze();
    const revoked = createRevoker({ redis: hasty, clock, tokenLifetime: 900, prefix }).revoke(session('frozen'));
    await expect(revoked).rejects.toMatchObject({ code: 'redis_unavailable' });
    await patiently(() => expect(reader.staleMs).toBeGreaterThan(2_500));
    expect(refuses(reader, 'cold')).toBe(true);
    server.thaw();
    await revokeEventually('thawed');
    await patiently(() => expect(refuses(reader, 'thawed')).toBe(true));
    await patiently(() => expect(reader.staleMs).toBeLessThan(2_500));
  });

  test('is full refuses a revocation whole, and takes it when there is room again', async () => {
    const reader = await read();
    const { stream } = revocationKeys(prefix);
    const before = await redis.xlen(stream);
    await server.ask('config', 'set', 'maxmemory-policy', 'noeviction');
    await server.ask('config', 'set', 'maxmemory', '1');
    await expect(revoker.revoke(session('a'), session('b'), { kind: 'user', id: 'full' })).rejects.toMatchObject({
      code: 'redis_unavailable',
      cause: { message: expect.stringContaining('OOM') },
    });
    expect(await redis.xlen(stream)).toBe(before);
    expect(await redis.zscore(`${stream}:session`, 'a')).toBeNull();
    await server.ask('config', 'set', 'maxmemory', '0');
    await revoker.revoke(session('a'), session('b'), { kind: 'user', id: 'full' });
    await patiently(() => expect([refuses(reader, 'a'), refuses(reader, 'b')]).toEqual([true, true]));
  });

  test('is full still gets back what it lost, as soon as there is room', async () => {
    const reader = await read();
    await revoker.revoke(session('kept'));
    await patiently(() => expect(refuses(reader, 'kept')).toBe(true));
    await server.ask('config', 'set', 'maxmemory', '1');
    const { stream, sets } = revocationKeys(prefix);
    await redis.del(stream, ...sets.map(({ key }) => key));
    await patiently(() => expect(refuses(reader, 'kept')).toBe(true));
    await server.ask('config', 'set', 'maxmemory', '0');
    await patiently(async () => expect(await redis.zscore(`${stream}:session`, 'kept')).not.toBeNull());
  });
});
