import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { RevocationReader } from '../revocation/reader.ts';
import { openRegion, type RealRegion } from '../testing/real-regions.ts';
import { refuses } from '../testing/refusals.ts';
import { startCluster, startSentinels, type Topology, untilFollows } from '../testing/topology.ts';
import { startValkey, type Valkey } from '../testing/valkey.ts';
import { until } from '../testing/waiting.ts';
import { type SessionSync, startSessionSync } from './session-sync.ts';
import { type Known, startTraffic, type Traffic } from './testing/traffic.ts';
import { createRegion, type RegionUnderTest, waitingIn } from './testing/world.ts';

const TIMEOUT_MS = 900_000;
const PATIENCE_MS = 120_000;
const SOON_MS = 10_000;
const clock = () => new Date();

interface Part extends RealRegion {
  readonly region: RegionUnderTest;
  readonly sync: SessionSync;
  readonly reader: RevocationReader;
  readonly traffic: Traffic;
}

describe.each([
  ['Sentinels', 'a Cluster', startSentinels, startCluster, { local: 'dies', global: 'freezes' }],
  ['a Cluster', 'Sentinels', startCluster, startSentinels, { local: 'freezes', global: 'dies' }],
] as const)(
  'two regions, the store of one behind %s, the global one behind %s,',
  (_, __, startLocal, startGlobal, faults) => {
    let stores: { readonly local: Topology; readonly global: Topology };
    let elsewhere: Valkey;
    let prefix: string;
    let parts: readonly Part[];
    beforeAll(async () => {
      const place = inject('valkey');
      const [local, global] = await Promise.all([startLocal(place), startGlobal(place)]);
      stores = { local, global };
      elsewhere = await startValkey(place);
    }, TIMEOUT_MS);
    afterAll(async () => {
      await Promise.all([stores?.local.remove(), stores?.global.remove(), elsewhere?.remove()]);
    }, TIMEOUT_MS);

    async function open(name: 'tokyo' | 'osaka', localUrl: string, replicas: number): Promise<Part> {
      const others = name === 'tokyo' ? ['osaka'] : ['tokyo'];
      const globalUrl = stores.global.url;
      const real = await openRegion({ name, others, localUrl, globalUrl, prefix, minReplicas: replicas });
      const { local, global, hasty: revoker } = real;
      // What a store did and did not answer is asked for again, later than usual on a machine that has much to do.
      const region = createRegion({ name, local, global, prefix, clock, maxPerUser: 1_000, graceMs: TIMEOUT_MS });
      const sync = startSessionSync({
        ...{
          local,
          global,
          clock,
          prefix,
          consumer: randomUUID(),
          everyMs: 50,
          claimAfterMs: 2_000,
          maxPerUser: 1_000,
        },
        evict: async () => undefined,
      });
      const traffic = startTraffic({ region, revoker, local, replicas, prefix });
      return { ...real, region, sync, reader: real.start(), traffic };
    }

    beforeEach(async () => {
      prefix = `test-${randomUUID()}`;
      parts = [await open('tokyo', stores.local.url, 1), await open('osaka', elsewhere.url, 0)];
    }, TIMEOUT_MS);
    afterEach(async () => {
      await Promise.all(parts.map(({ traffic, sync }) => Promise.all([traffic.stop(), sync.stop()])));
      await Promise.all(parts.map((part) => part.stop()));
    }, TIMEOUT_MS);

    const goesOn = async (what: string) => {
      const before = parts.map(({ traffic }) => traffic.done);
      const more = async () => parts.every(({ traffic }, index) => traffic.done > (before[index] ?? 0) + 40);
      await until(`people go on ${what}`, more, PATIENCE_MS);
    };
    const drained = () =>
      until(
        'nothing waits',
        async () => {
          const waiting = await Promise.all(parts.map(({ local }) => waitingIn(local, prefix)));
          return (
            waiting.every((count) => count === 0) && parts.every(({ sync }) => sync.waiting === 0 && sync.lagMs === 0)
          );
        },
        PATIENCE_MS,
      );
    const knownOf = (of: (traffic: Traffic) => ReadonlySet<Known>) => parts.flatMap(({ traffic }) => [...of(traffic)]);

    test.each(['local', 'global'] as const)(
      'lose nothing that could be kept when the primary of the %s one fails, and go on by themselves',
      async (which) => {
        await goesOn('before');
        const old = await stores[which].primary();
        if (faults[which] === 'dies') await old.kill();
        else old.freeze();
        await until('another takes over', async () => (await stores[which].primary()) !== old, PATIENCE_MS);
        await goesOn('with another primary');
        old.thaw();
        await old.start();
        await untilFollows(old);
        await goesOn('with all servers');
        await Promise.all(parts.map(({ traffic }) => traffic.stop()));
        await drained();

        expect(knownOf(({ replayed }) => replayed)).toEqual([]);
        const alive = knownOf((traffic) => traffic.alive);
        for (const { region } of parts) {
          for (const { userId, id } of alive) {
            await until(`${id} is known`, async () => (await region.sessions.get(userId, id))?.id === id, PATIENCE_MS);
          }
        }
        await expectRefused(knownOf(({ refused }) => refused));
        await expectEnded(knownOf(({ ended }) => ended));
        const isUpToDate = ({ behindMs, staleMs }: RevocationReader) => Math.max(behindMs, staleMs) < SOON_MS;
        await until('readers are up to date', async () => parts.every(({ reader }) => isUpToDate(reader)), PATIENCE_MS);
      },
      TIMEOUT_MS,
    );

    /** By who followed, and by who begins now. */
    async function expectRefused(known: readonly Known[]): Promise<void> {
      expect(known.length).toBeGreaterThan(0);
      const readers = parts.flatMap((part) => [part.reader, part.start({ isGuard: true })]);
      const all = async () => readers.every((reader) => known.every(({ id }) => refuses(reader, id)));
      await until('everybody refuses what ended', all, PATIENCE_MS);
    }

    /** A copy that was ended elsewhere learns of it at its next use, or at one after the global store was told once more. */
    async function expectEnded(known: readonly Known[]): Promise<void> {
      expect(known.length).toBeGreaterThan(0);
      for (const { region } of parts) {
        for (const { userId, id } of known) {
          const isOver = async () => {
            await region.sessions.touch(userId, id);
            return (await region.sessions.get(userId, id)) === undefined;
          };
          await until(`${id} is over`, isOver, PATIENCE_MS);
        }
      }
    }
  },
);
