import { readFile } from 'node:fs/promises';
import { freePort } from '@sekisho/telemetry/testing';
import { startBareStores } from '@sekisho/test-e2e/mesh';
import {
  type Environment,
  type RegionPlace,
  type Regions,
  ROUND_TRIP_MS,
  SERVICE_NAMES,
  startRegions,
} from '@sekisho/test-e2e/regions';
import { type LoggedIn, Platform, type PlatformServer } from '../auth/platform.ts';
import { inParallel } from '../in-parallel.ts';
import { patiently } from '../patiently.ts';
import type { ServerProcess } from '../server-process.ts';
import { startLike } from './start-like.ts';

/** An auth service, its people, and a guard that the bench started beside it. */
export interface Side {
  readonly platform: Platform<PlatformServer>;
  readonly auth: ServerProcess;
  readonly guard: ServerProcess;
}

export interface RegionsWorld {
  readonly regions: Regions;
  /** One more replica of each in tokyo. */
  readonly regional: Side;
  /** The same without regions, with stores of its own, the database as far away. */
  readonly single: Side;
}

/** A user has 20 sessions at most. */
const SESSIONS_OF_USER = 10;
const AT_ONCE = 4;
const GRANTS = SERVICE_NAMES.map((service) => ({ service, permissions: [`${service}:read`] }));

export async function startWorld(opened: AsyncDisposableStack, report: (line: string) => void): Promise<RegionsWorld> {
  const regions = opened.use(await startRegions(report));
  const { tokyo } = regions.info.regions;
  report('one more replica in tokyo');
  const regional = await startSide(regions, { auth: tokyo.env.auth, guard: tokyo.env.guard }, opened);
  report('the same without regions');
  const single = await startSide(regions, await withoutRegion(regions, opened), opened);
  return { regions, regional, single };
}

async function startSide(
  { info: { regions, logs: folder, mark } }: Regions,
  env: RegionPlace['env'],
  opened: AsyncDisposableStack,
): Promise<Side> {
  const [listen, adminListen] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const [url, adminUrl] = [`http://${listen}`, `http://${adminListen}`];
  const authEnv = { ...mark, ...env.auth, AUTH_LISTEN: listen, AUTH_ADMIN_LISTEN: adminListen };
  const auth = await startLike('auth', { env: authEnv, url, readyUrl: adminUrl, folder });
  opened.defer(() => auth.stop());
  const [check, ops] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const { SESSION_CACHE_SECONDS: _, ...guardEnv } = env.guard;
  const guard = await startLike('guard', {
    env: { ...mark, ...guardEnv, GUARD_LISTEN: check, GUARD_OPS_LISTEN: ops, AUTH_URL: url },
    url: `http://${check}`,
    readyUrl: `http://${ops}`,
    folder,
  });
  opened.defer(() => guard.stop());
  const { auth: place } = regions.tokyo;
  const password = (await readFile(place.adminPasswordFile, 'utf8')).trim();
  const platform = new Platform<PlatformServer>({ url, adminUrl, admin: { email: place.adminEmail, password } });
  opened.defer(() => platform.close());
  return { platform, auth, guard };
}

/** Settings of the same processes in a platform of one region, with stores of its own. */
async function withoutRegion({ info, lines }: Regions, opened: AsyncDisposableStack): Promise<RegionPlace['env']> {
  const stores = await startBareStores(() => undefined);
  opened.defer(stores.stop);
  const database = new URL(stores.postgresUrl);
  database.host = await lines.add('single-database', database.host);
  await lines.delay('single-database', ROUND_TRIP_MS);
  const { auth, guard } = info.regions.tokyo.env;
  return {
    auth: { ...alone(auth), REDIS_URL: stores.redisUrl, DATABASE_URL: database.href },
    guard: { ...alone(guard), REDIS_URL: stores.redisUrl },
  };
}

const OF_REGIONS = new Set([
  'REGION',
  'REGIONS',
  'GLOBAL_REDIS_URL',
  'REGION_MAX_STALENESS_SECONDS',
  'SESSION_KEY_FILE',
]);

function alone(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OF_REGIONS.has(name)));
}

/** So many sessions, of as few people as may have them. */
export async function logIns({ platform }: Side, count: number): Promise<readonly LoggedIn[]> {
  const users = await all(Math.ceil(count / SESSIONS_OF_USER), () => platform.addUser(GRANTS));
  return all(count, (index) => {
    const user = users[index % users.length];
    if (user === undefined) throw new Error('there are no users');
    return platform.logIn(user);
  });
}

export function addUsers({ platform }: Side, count: number) {
  return all(count, () => platform.addUser(GRANTS));
}

async function all<T>(count: number, make: (index: number) => Promise<T>): Promise<readonly T[]> {
  const made: T[] = [];
  const indexes = Array.from({ length: count }, (_, index) => index);
  await inParallel(indexes, AT_ONCE, async (index) => made.push(await patiently(() => make(index))));
  return made;
}
