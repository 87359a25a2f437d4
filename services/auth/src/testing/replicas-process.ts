import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KEY_DEFAULTS } from '../keys/config.ts';
import { CLUSTER_ISSUER, FakeCluster, publicJwk } from './cluster.ts';
import { ADMIN_LOGIN, databaseKinds, startService, untilReady } from './real-service.ts';

/*
 * Two replicas of the service on one PostgreSQL, for tests of other parts: a process of its own, because those may import
 * nothing of this one, and because it can be stopped as one. It tells its parent how to reach it, and ends with it.
 *   fork(path, [POSTGRES_URL, REDIS_URL])
 */
const [postgresUrl = '', redisUrl = ''] = process.argv.slice(2);
const kind = databaseKinds(postgresUrl).at(-1);
if (kind === undefined) throw new Error('no database');
const database = await kind.create();
const folder = await mkdtemp(join(tmpdir(), 'auth-replicas-'));
const path = join(folder, 'jwks.json');
const cluster = new FakeCluster(() => new Date());
await writeFile(path, JSON.stringify({ keys: [publicJwk(cluster.key)] }));

/** Nothing but waiting for each other takes time. */
const keys = { ...KEY_DEFAULTS, pollMs: 200, publishMs: 0 };
const rate = { burst: 100_000, refillSeconds: 1 };
const options = {
  ...{ redisUrl, databaseUrl: database.url, keys, prefix: `test-${process.pid}` },
  rates: { network: rate, accountFromNetwork: rate, account: rate },
  workloadKeys: { kind: 'file', path, issuer: CLUSTER_ISSUER },
  guardWorkloads: [{ namespace: 'shop', serviceAccount: 'guard' }],
} as const;
const replicas = [await startService(options), await startService(options)];

const addresses = [];
for (const { publicApp, adminApp } of replicas) {
  await publicApp.listen({ host: '127.0.0.1', port: 0 });
  await adminApp.listen({ host: '127.0.0.1', port: 0 });
  const urlOf = (address: AddressInfo | string | null) =>
    typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
  addresses.push({ url: urlOf(publicApp.server.address()), adminUrl: urlOf(adminApp.server.address()) });
}
await Promise.all(replicas.map(untilReady));

process.once('disconnect', async () => {
  await Promise.all(replicas.map((replica) => replica.close()));
  await database.remove();
  await rm(folder, { recursive: true });
  process.exit();
});
process.send?.({
  replicas: addresses,
  admin: ADMIN_LOGIN,
  tokens: { guard: await cluster.token('guard'), other: await cluster.token('bucket') },
});
