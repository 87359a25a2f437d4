import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, inject, test } from 'vitest';
import { SHARDS } from '../keys.ts';
import { replicasOf, startCluster, type Topology } from '../testing/topology.ts';
import type { Valkey } from '../testing/valkey.ts';
import { until } from '../testing/waiting.ts';
import { openRevocationLog } from './open.ts';

const TIMEOUT_MS = 600_000;
let topology: Topology;
beforeAll(async () => {
  topology = await startCluster(inject('valkey'));
}, TIMEOUT_MS);
afterAll(() => topology?.remove(), TIMEOUT_MS);

async function otherPrimary(): Promise<Valkey> {
  const own = await topology.primary();
  for (const shard of SHARDS) {
    const primary = await topology.primary(`{${shard}}`);
    if (primary !== own) return primary;
  }
  throw new Error('the Cluster has one primary only');
}

test(
  'a node of a Cluster that stands still keeps nobody from the revocations of another one',
  async () => {
    const log = openRevocationLog({ url: topology.url, prefix: `test-${randomUUID()}` });
    await until('the log answers', async () => (await log.now()) > 0);
    const primary = await otherPrimary();
    const still = [primary, ...(await replicasOf(topology, primary))];
    for (const server of still) server.freeze();
    // What any node may answer would be asked of one of these, one time in three.
    await until('every question is answered', async () => {
      const times = await Promise.all(Array.from({ length: 40 }, () => log.now()));
      return times.every((time) => time > 0);
    });
    for (const server of still) server.thaw();
    log.close();
  },
  TIMEOUT_MS,
);
