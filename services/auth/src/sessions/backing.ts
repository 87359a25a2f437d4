import {
  createLogoutNotices,
  createRefreshStore,
  createRevocationMetrics,
  createRevoker,
  createSessionStore,
  type LogoutNotices,
  observeRevocations,
  openRevocationLog,
  type RefreshStore,
  type RevocationReader,
  type Revoker,
  type SessionStore,
  type SessionStoreOptions,
  startRevocationReader,
} from '@sekisho/sessions';
import type { RedisClient } from '@sekisho/sessions/redis';
import type { Logger, Metrics } from '@sekisho/telemetry';
import { ONE_REGION, type RegionDirectory } from '../regions/directory.ts';

export interface BackingOptions {
  readonly redis: RedisClient;
  /** The reader of revocations connects by itself. */
  readonly redisUrl: string;
  /** First part of every key. */
  readonly prefix: string;
  readonly clock: () => Date;
  readonly uuid: () => string;
  /** Seconds the longest access token lives. */
  readonly tokenLifetime: number;
  readonly minReplicas: number;
  /** Ends sessions that have to go for a new one. */
  readonly evict: NonNullable<SessionStoreOptions['evict']>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Where sessions and revocations are kept, in one region or several. */
export interface Backing {
  readonly store: SessionStore;
  readonly refresh: RefreshStore;
  readonly revoker: Revoker;
  readonly revocations: RevocationReader;
  /** Ends of sessions that applications are to be told of. */
  readonly notices: LogoutNotices;
  readonly regions: RegionDirectory;
  close(): Promise<void>;
}

/** Waits for nothing. */
export function openBacking(options: BackingOptions): Backing {
  const { redis, redisUrl: url, prefix, clock, uuid: newId, evict } = options;
  const revoker = createRevoker(options);
  const revocations = startRevocationReader({
    log: openRevocationLog({ url, prefix }),
    clock,
    observer: observeRevocations(
      options.log,
      createRevocationMetrics(options.metrics, () => revocations),
    ),
    restore: revoker.restore,
  });
  return {
    store: createSessionStore({ redis, clock, newId, prefix, evict }),
    refresh: createRefreshStore({ redis, prefix, clock }),
    revoker,
    revocations,
    notices: createLogoutNotices({ redis, prefix }),
    regions: ONE_REGION,
    close: () => revocations.stop(),
  };
}
