import {
  createEndCopies,
  createLogoutNotices,
  createRegionalRefreshStore,
  createRegionalRevoker,
  createRegionalSessionStore,
  createRegionMetrics,
  createRevocationMetrics,
  observeRegions,
  openRevocationLog,
  type RegionalRevoker,
  type RegionSettings,
  type RevocationEntry,
  type RevocationReader,
  type SessionSync,
  startRegionalRevocationReader,
} from '@sekisho/sessions';
import type { RedisClient } from '@sekisho/sessions/redis';
import type { Backing, BackingOptions } from '../sessions/backing.ts';
import type { RegionDirectory, SyncView } from './directory.ts';
import { endingCopies } from './end-copies.ts';
import { joinNotices } from './joined-notices.ts';
import { openSync } from './open-sync.ts';

export interface RegionalBackingOptions extends BackingOptions {
  /** The store that all regions share; `redis` is the region's own. */
  readonly global: RedisClient;
  /** Told of what another region revoked, before this one answers it. */
  readonly onArrival: (entry: RevocationEntry) => Promise<void>;
}

/** Of one of several regions: what is kept here and in the store that all share, and what brings each to the other. Waits for nothing. */
export function openRegionalBacking(options: RegionalBackingOptions, settings: RegionSettings): Backing {
  const { redis, global, prefix, clock, uuid: newId, evict, metrics } = options;
  const { region, withoutGlobal, withoutLocal } = settings;
  const revoker = createRegionalRevoker({ ...options, global, region });
  const told = createRegionMetrics(metrics, region, () => revocations);
  const revocations = startReader(options, settings, { revoker, told, sync: () => sync });
  const stores = { redis, global, region, withoutGlobal, withoutLocal, clock, prefix, revocations };
  const sync = openSync(options);
  return {
    store: createRegionalSessionStore({ ...stores, newId, evict, onLookup: (where) => told.lookups.inc({ where }) }),
    refresh: createRegionalRefreshStore(stores),
    revoker,
    revocations,
    notices: joinNotices(createLogoutNotices({ redis, prefix }), createLogoutNotices({ redis: global, prefix })),
    regions: directoryOf(region.name, { revocations, revoker, sync }),
    async close() {
      await sync.stop();
      await revocations.stop();
    },
  };
}

interface Read {
  readonly revoker: RegionalRevoker;
  readonly told: ReturnType<typeof createRegionMetrics>;
  readonly sync: () => Pick<SessionSync, 'untoldMs'>;
}

/** It brings each store what it lacks of the other one. */
function startReader(
  options: RegionalBackingOptions,
  { region, globalRedisUrl }: RegionSettings,
  { revoker, told, sync }: Read,
): RevocationReader {
  const { redisUrl, prefix, clock, log, metrics, onArrival } = options;
  const { restoreLocal } = revoker.bridge;
  const endCopies = createEndCopies(options);
  const revocations: RevocationReader = startRegionalRevocationReader({
    local: openRevocationLog({ url: redisUrl, prefix }),
    global: openRevocationLog({ url: globalRedisUrl, prefix }),
    ...{ region, clock },
    observers: observeRegions(log, {
      revocations: createRevocationMetrics(metrics, () => revocations),
      regions: told,
    }),
    bridge: {
      ...{ ...revoker.bridge, onArrival, untoldMs: () => sync().untoldMs },
      restoreLocal: endingCopies({ restoreLocal, endCopies, log }),
    },
  });
  return revocations;
}

interface Regions {
  readonly revocations: Pick<RevocationReader, 'staleMs' | 'regions'>;
  readonly revoker: Pick<RegionalRevoker, 'mark'>;
  readonly sync: SyncView;
}

function directoryOf(own: string, { revocations, revoker, sync }: Regions): RegionDirectory {
  return {
    own,
    list: () => [{ name: own, state: undefined, ageMs: revocations.staleMs }, ...revocations.regions()],
    sync: () => sync,
    mark: (name, state) => revoker.mark(name, state),
  };
}
