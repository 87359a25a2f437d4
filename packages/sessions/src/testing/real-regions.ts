import type { RedisConnection } from '../connection.ts';
import { openRevocationLog } from '../revocation/open.ts';
import type { RevocationReader } from '../revocation/reader.ts';
import { type RegionalReaderOptions, startRegionalRevocationReader } from '../revocation/regional/regional-reader.ts';
import { createRegionalRevoker, type RegionalRevoker } from '../revocation/regional/regional-revoker.ts';
import type { RevocationEntry } from '../revocation/revocation.ts';
import { connected } from './connected.ts';

export interface RealRegionOptions {
  readonly name: string;
  readonly others: readonly string[];
  readonly localUrl: string;
  readonly globalUrl: string;
  readonly prefix: string;
  /** Of each store, that must have a revocation. @default 0 */
  readonly minReplicas?: number;
  /** Milliseconds that the clocks of its processes are ahead. @default 0 */
  readonly aheadMs?: number;
  /** Whether its bridge waits like `revoker`, where no store fails: an answer that one is late to confirm is given to the other as well. @default false */
  readonly isPatient?: boolean;
}

export interface RealRegion {
  readonly name: string;
  readonly local: RedisConnection;
  readonly global: RedisConnection;
  /** Waits for an answer however long a busy machine takes for it. */
  readonly revoker: RegionalRevoker;
  /** As processes have it: where it gets no answer it goes on without, soon. */
  readonly hasty: RegionalRevoker;
  /** What `onArrival` was told of. */
  readonly arrived: readonly RevocationEntry[];
  /** Starts a process that follows; a guard has no bridge. */
  start(options?: Partial<RegionalReaderOptions> & { readonly isGuard?: boolean }): RevocationReader;
  stop(): Promise<void>;
}

const TOKEN_SECONDS = 900;
const HASTY_MS = 500;

/** What the processes of a region do with revocations, on real stores. */
export async function openRegion(options: RealRegionOptions): Promise<RealRegion> {
  const { name, others, localUrl, globalUrl, prefix, minReplicas = 0, aheadMs = 0, isPatient = false } = options;
  const clock = () => new Date(Date.now() + aheadMs);
  const region = { name, others };
  const open = (timeoutMs?: number) =>
    Promise.all([connected(localUrl, timeoutMs), connected(globalUrl, timeoutMs)] as const);
  const [[local, global], hastily] = await Promise.all([open(), open(HASTY_MS)]);
  const revokerOn = (redis: RedisConnection, other: RedisConnection) =>
    createRegionalRevoker({
      ...{ redis, global: other, region, clock, prefix, minReplicas },
      tokenLifetime: TOKEN_SECONDS,
    });
  const [revoker, hasty] = [revokerOn(local, global), revokerOn(...hastily)];
  const { bridge } = isPatient ? revoker : hasty;
  const arrived: RevocationEntry[] = [];
  const readers: RevocationReader[] = [];
  return {
    ...{ name, local, global, revoker, hasty, arrived },
    start({ isGuard = false, ...more } = {}) {
      const onArrival = async (entry: RevocationEntry) => void arrived.push(entry);
      const reader = startRegionalRevocationReader({
        local: openRevocationLog({ url: localUrl, prefix }),
        global: openRevocationLog({ url: globalUrl, prefix }),
        ...{ region, clock },
        ...(!isGuard && { bridge: { ...bridge, onArrival } }),
        ...more,
      });
      readers.push(reader);
      return reader;
    },
    async stop() {
      await Promise.all(readers.map((reader) => reader.stop()));
      for (const redis of [local, global, ...hastily]) redis.disconnect();
    },
  };
}
