import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import type { RedisConnection } from './connection.ts';
import { createSessionStore } from './open-store.ts';
import { openRevocationLog } from './revocation/open.ts';
import { type RevocationReader, startRevocationReader } from './revocation/reader.ts';
import { createRevoker } from './revocation/revoker.ts';
import { connected } from './testing/connected.ts';
import { refuses } from './testing/refusals.ts';
import { startCluster, startSentinels, type Topology, untilFollows } from './testing/topology.ts';
import { patiently, until } from './testing/waiting.ts';

const clock = () => new Date();
const TIMEOUT_MS = 600_000;
const PATIENCE_MS = 120_000;

describe.each([
  ['Sentinels', startSentinels],
  ['a Cluster', startCluster],
] as const)('behind %s', (_, start) => {
  let topology: Topology;
  let redis: RedisConnection;
  const readers: RevocationReader[] = [];
  beforeAll(async () => {
    topology = await start(inject('valkey'));
    // As processes have it: what gets no answer fails soon.
    redis = await connected(topology.url, 1_000);
  }, TIMEOUT_MS);
  afterEach(() => Promise.all(readers.splice(0).map((reader) => reader.stop())));
  afterAll(async () => {
    redis?.disconnect();
    await topology?.remove();
  }, TIMEOUT_MS);

  const revokerOf = (prefix: string, minReplicas = 0) =>
    createRevoker({ redis, clock, tokenLifetime: 900, prefix, minReplicas });

  async function read(prefix: string): Promise<RevocationReader> {
    const log = openRevocationLog({ url: topology.url, prefix });
    const reader = startRevocationReader({ log, clock, restore: revokerOf(prefix).restore });
    readers.push(reader);
    await reader.ready;
    return reader;
  }

  /** Revokes session after session until told to stop. @returns the ids of those that were acknowledged */
  async function revokeUntil(prefix: string, stop: AbortSignal): Promise<string[]> {
    const revoker = revokerOf(prefix, 1);
    const acknowledged: string[] = [];
    for (let count = 0; !stop.aborted; count += 1) {
      const id = `s${count}`;
      try {
        await revoker.revoke({ kind: 'session', id });
        acknowledged.push(id);
      } catch {
        await sleep(20);
      }
    }
    return acknowledged;
  }

  test('sessions are kept, found and ended, in whichever slots they lie', async () => {
    const prefix = `test-${randomUUID()}`;
    const patient = await connected(topology.url);
    onTestFinished(() => patient.disconnect());
    const sessions = createSessionStore({ redis: patient, clock, newId: randomUUID, prefix });
    for (const userId of ['u1', 'u2', 'u3', 'u4', 'u5', 'u6']) {
      const ids = [];
      for (let count = 0; count < 3; count += 1) ids.push((await sessions.create({ userId, device: {} })).id);
      const [first = '', ...others] = ids;
      expect(await sessions.touch(userId, first)).toMatchObject({ id: first });
      expect(await sessions.ownerOf(first)).toBe(userId);
      expect((await sessions.destroy(userId, ...others)).toSorted()).toEqual(others.toSorted());
      expect((await sessions.list(userId)).map(({ id }) => id)).toEqual([first]);
    }
  });

  test('revocations are confirmed by a replica, or the caller learns that they are not', async () => {
    const prefix = `test-${randomUUID()}`;
    await patiently(() => revokerOf(prefix, 1).revoke({ kind: 'session', id: 's1' }));
    const tooMany = revokerOf(prefix, 5).revoke({ kind: 'session', id: 's2' });
    await expect(tooMany).rejects.toMatchObject({ code: 'redis_unavailable' });
    expect(refuses(await read(prefix), 's1')).toBe(true);
  });

  test.each(['killed', 'frozen'] as const)(
    'no acknowledged revocation is lost when the primary is %s, and all goes on by itself',
    async (how) => {
      const prefix = `test-${randomUUID()}`;
      const follower = await read(prefix);
      const stop = new AbortController();
      const revoking = revokeUntil(prefix, stop.signal);
      const old = await topology.primary();
      await until('revocations reach the reader', async () => follower.size > 20);
      if (how === 'killed') await old.kill();
      else old.freeze();
      await until('another takes over', async () => (await topology.primary()) !== old, PATIENCE_MS);
      const before = follower.size;
      await until('revocations reach the reader again', async () => follower.size > before + 20, PATIENCE_MS);
      stop.abort();
      const acknowledged = await revoking;
      const late = await read(prefix);
      for (const id of acknowledged) {
        expect([id, refuses(late, id)]).toEqual([id, true]);
      }
      await until('the reader that followed has them all too', async () =>
        acknowledged.every((id) => refuses(follower, id)),
      );
      if (how === 'killed') await old.start();
      else old.thaw();
      await untilFollows(old);
      await patiently(() => revokerOf(prefix).revoke({ kind: 'session', id: 'after' }));
      await until('it goes on', async () => refuses(follower, 'after') && refuses(late, 'after'));
    },
    TIMEOUT_MS,
  );
});
