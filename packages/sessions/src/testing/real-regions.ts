import { connectRedis, type RedisConnection } from '../connection.ts';
import { openRevocationLog } from '../revocation/open.ts';
import type { RevocationReader } from '../revocation/reader.ts';
import { type RegionalReaderOptions, startRegionalRevocationReader } from '../revocation/regional/regional-reader.ts';
import { createRegionalRevoker, type RegionalRevoker } from '../revocation/regional/regional-revoker.ts';
import type { RevocationEntry } from '../revocation/revocation.ts';

export interface RealRegionOptions {
  readonly name: string;
  readonly others: readonly string[];
  readonly localUrl: string;
  readonly globalUrl: string;
  readonly prefix: string;
  /** Milliseconds that the clocks of its processes are ahead. @default 0 */
  readonly aheadMs?: number;
}

export interface RealRegion {
  readonly name: string;
  readonly local: RedisConnection;
  readonly global: RedisConnection;
  readonly revoker: RegionalRevoker;
  /** What `onArrival` was told of. */
  readonly arrived: readonly RevocationEntry[];
  /** Starts a process that follows; a guard has no bridge. */
  start(options?: Partial<RegionalReaderOptions> & { readonly isGuard?: boolean }): RevocationReader;
  stop(): Promise<void>;
}

const TOKEN_SECONDS = 900;

/** What the processes of a region do with revocations, on real stores. */
export async function openRegion(options: RealRegionOptions): Promise<RealRegion> {
  const { name, others, localUrl, globalUrl, prefix, aheadMs = 0 } = options;
  const clock = () => new Date(Date.now() + aheadMs);
  const region = { name, others };
  const [local, global] = await Promise.all([connected(localUrl), connected(globalUrl)]);
  const revoker = createRegionalRevoker({
    ...{ redis: local, global, region, clock, prefix },
    tokenLifetime: TOKEN_SECONDS,
  });
  const arrived: RevocationEntry[] = [];
  const readers: RevocationReader[] = [];
  return {
    ...{ name, local, global, revoker, arrived },
    start({ isGuard = false, ...more } = {}) {
      const onArrival = async (entry: RevocationEntry) => void arrived.push(entry);
      const reader = startRegionalRevocationReader({
        local: openRevocationLog({ url: localUrl, prefix }),
        global: openRevocationLog({ url: globalUrl, prefix }),
        ...{ region, clock },
        ...(!isGuard && { bridge: { ...revoker.bridge, onArrival } }),
        ...more,
      });
      readers.push(reader);
      return reader;
    },
    async stop() {
      await Promise.all(readers.map((reader) => reader.stop()));
      local.disconnect();
      global.disconnect();
    },
  };
}

async function connected(url: string): Promise<RedisConnection> {
  const ready = Promise.withResolvers<void>();
  const redis = connectRedis({ url, onState: (state) => state === 'ready' && ready.resolve() });
  await ready.promise;
  return redis;
}
