import {
  createRegionalRevoker,
  createRegionalSessionStore,
  createRegionMetrics,
  createRevocationMetrics,
  observeRegions,
  openRevocationLog,
  type RegionMetrics,
  type RegionSettings,
  type RevocationReader,
  startRegionalRevocationReader,
} from '@sekisho/sessions';
import { type Backing, type BackingOptions, COMMAND_TIMEOUT_MS, clockOf, connectStore } from '../sessions/backing.ts';
import { createPromptReads } from './prompt-reads.ts';

/** The line to it may be a long one: who asked does not wait as long. */
const GLOBAL_TIMEOUT_MS = 1_000;
/** Envoy waits 250 ms for an answer. */
const READ_WITHIN_MS = 220;

/** Of one of several regions. Waits for nothing. What one store lacks of the other's revocations, auth services bring there. */
export function openRegionalBacking(options: BackingOptions, settings: RegionSettings): Backing {
  const { redisUrl: url, prefix, uuid: newId, tokenLifetime, timers } = options;
  const { region, withoutGlobal, withoutLocal } = settings;
  const redis = connectStore(options, { name: 'Redis', url, commandTimeoutMs: COMMAND_TIMEOUT_MS });
  const shared = { name: 'global Redis', url: settings.globalRedisUrl, commandTimeoutMs: GLOBAL_TIMEOUT_MS };
  const global = connectStore(options, shared);
  const told = createRegionMetrics(options.metrics, region, () => revocations);
  const revocations = startReader(options, settings, told);
  const stores = { redis, global, region, clock: clockOf(options), prefix };
  const sessions = createRegionalSessionStore({
    ...{ ...stores, withoutGlobal, withoutLocal, newId, revocations },
    onLookup: (where) => told.lookups.inc({ where }),
  });
  const reads = createPromptReads({ sessions, clock: timers, withinMs: READ_WITHIN_MS });
  return {
    sessions: { get: reads.get, touch: sessions.touch, destroy: sessions.destroy },
    revoker: createRegionalRevoker({ ...stores, tokenLifetime }),
    revocations,
    async close() {
      await revocations.stop();
      redis.disconnect();
      global.disconnect();
    },
  };
}

function startReader(
  options: BackingOptions,
  { region, globalRedisUrl }: RegionSettings,
  regions: RegionMetrics,
): RevocationReader {
  const { redisUrl, prefix, log, metrics, observing } = options;
  const { local, global } = observeRegions(log, {
    revocations: createRevocationMetrics(metrics, () => revocations),
    regions,
  });
  const revocations: RevocationReader = startRegionalRevocationReader({
    local: openRevocationLog({ url: redisUrl, prefix }),
    global: openRevocationLog({ url: globalRedisUrl, prefix }),
    ...{ region, clock: clockOf(options) },
    observers: { local: observing(local), global: observing(global) },
  });
  return revocations;
}
