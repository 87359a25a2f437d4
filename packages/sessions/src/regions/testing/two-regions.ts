import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../../connection.ts';
import type { Session } from '../../session.ts';
import { startValkey, type Valkey, type ValkeyProgram } from '../../testing/valkey.ts';
import { until } from '../../testing/waiting.ts';
import { connected, createRegion, type RegionOptions, type RegionUnderTest } from './world.ts';

type Name = 'tokyo' | 'osaka';
/** Of each region, and of both. */
type Each<T> = { readonly [Place in Name | 'global']: T };

const PATIENT_MS = 60_000;
const HASTY_MS = 1_000;

interface Stores {
  readonly servers: Each<Valkey>;
  readonly stores: Each<RedisConnection>;
  /** The same, for what is asked of one that is away. */
  readonly hasty: Each<RedisConnection>;
  /** All of them serve again, whoever asks. */
  heal(): Promise<void>;
}

/** What one test has, with nothing but the servers in common with others. */
export interface TwoRegions extends Stores {
  readonly prefix: string;
  readonly userId: string;
  /** Milliseconds since the epoch, for every process. */
  readonly time: { now: number };
  readonly tokyo: RegionUnderTest;
  readonly osaka: RegionUnderTest;
  /** Another process of a region. */
  regionOf(name: Name, options?: Partial<RegionOptions>): RegionUnderTest;
  /** A session of the user. */
  begin(region: RegionUnderTest): Promise<Session>;
}

/** The servers of two regions, each of which a test may kill and freeze. */
export interface TwoRegionsServers extends Stores {
  /** For one test. */
  create(): TwoRegions;
  close(): Promise<void>;
}

export async function startTwoRegions(place: ValkeyProgram): Promise<TwoRegionsServers> {
  const start = () => startValkey(place);
  const servers = { tokyo: await start(), osaka: await start(), global: await start() };
  const open = async (timeoutMs: number) => ({
    tokyo: await connected(servers.tokyo.url, timeoutMs),
    osaka: await connected(servers.osaka.url, timeoutMs),
    global: await connected(servers.global.url, timeoutMs),
  });
  const stores = await open(PATIENT_MS);
  const hasty = await open(HASTY_MS);
  const connections = [...Object.values(stores), ...Object.values(hasty)];
  const heal = async () => {
    for (const server of Object.values(servers)) {
      server.thaw();
      await server.start();
    }
    for (const redis of connections) await until('it answers again', async () => (await redis.ping()) === 'PONG');
  };
  return {
    ...{ servers, stores, hasty, heal },
    create: () => createTwoRegions({ servers, stores, hasty, heal }),
    async close() {
      for (const redis of connections) redis.disconnect();
      for (const server of Object.values(servers)) await server.remove();
    },
  };
}

function createTwoRegions(stores: Stores): TwoRegions {
  const prefix = `test-${randomUUID()}`;
  const userId = randomUUID();
  const time = { now: Date.now() };
  const regionOf = (name: Name, options: Partial<RegionOptions> = {}) => {
    const { [name]: local, global } = stores.stores;
    return createRegion({ name, local, global, prefix, clock: () => new Date(time.now), ...options });
  };
  return {
    ...{ ...stores, prefix, userId, time, regionOf },
    ...{ tokyo: regionOf('tokyo'), osaka: regionOf('osaka') },
    begin: (region) => region.sessions.create({ userId, device: {} }),
  };
}
