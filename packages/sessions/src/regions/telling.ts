import type { Logger, Metrics } from '@sekisho/telemetry';
import type { RevocationObserver } from '../revocation/observer.ts';
import type { RevocationReader } from '../revocation/reader.ts';
import type { BridgeObserver } from '../revocation/regional/bridge.ts';
import { observeRevocations, type RevocationMetrics } from '../revocation/telling.ts';
import { PUSH_RESULTS } from './push.ts';
import type { Region } from './region.ts';
import type { LookedUp } from './session-store.ts';
import type { SessionSync } from './session-sync.ts';

/** Where a session was looked for and found: `nowhere` is one that nobody knows, or that is over. */
const LOOKUPS = ['local', 'global', 'nowhere'] as const satisfies LookedUp[];

/** A good line between regions to the minutes after one was cut. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];

export type RegionMetrics = ReturnType<typeof createRegionMetrics>;

/**
 * What every process in one of several regions tells of the others.
 * @param reader of revocations, asked at each scrape
 */
export function createRegionMetrics(
  metrics: Metrics,
  { others }: Region,
  reader: () => Pick<RevocationReader, 'regions'>,
) {
  metrics.gauge({
    name: 'region_behind_seconds',
    help: 'Time since everything was known here that a region revoked; +Inf before the first time',
    labels: { region: others },
    collect(gauge) {
      for (const { name, ageMs } of reader().regions()) gauge.set(ageMs / 1000, { region: name });
    },
  });
  metrics.gauge({
    name: 'region_lost',
    help: '1 for a region that is given up: nobody waits for it',
    labels: { region: others },
    collect(gauge) {
      for (const { name, state } of reader().regions()) gauge.set(state === 'lost' ? 1 : 0, { region: name });
    },
  });
  return {
    lookups: metrics.counter({
      name: 'session_lookups_total',
      help: 'Sessions that were looked for, by the store that knew them',
      labels: { where: LOOKUPS },
    }),
    propagation: metrics.histogram({
      name: 'region_revocation_propagation_seconds',
      help: 'Time from a revocation in another region until this process refuses by it',
      labels: { region: others },
      buckets: BUCKETS,
    }),
  };
}

/**
 * What the process tells that brings changes of sessions to the other regions.
 * @param sync asked at each scrape
 */
export function createSyncMetrics(metrics: Metrics, sync: () => Pick<SessionSync, 'lagMs' | 'waiting'>) {
  metrics.gauge({
    name: 'session_sync_lag_seconds',
    help: 'Time that the oldest change of a session waits of which the global store was not told; 0 when none waits',
    collect: (gauge) => gauge.set(sync().lagMs / 1000),
  });
  metrics.gauge({
    name: 'session_sync_waiting',
    help: 'Sessions with changes of which the global store was not told',
    collect: (gauge) => gauge.set(sync().waiting),
  });
  return {
    pushes: metrics.counter({
      name: 'session_sync_pushes_total',
      help: 'Changes of sessions that this process brought to the global store, by what became of them; failed ones are tried again',
      labels: { result: PUSH_RESULTS },
    }),
  };
}

export interface RegionObservers {
  readonly local: RevocationObserver;
  readonly global: RevocationObserver;
  readonly bridge: BridgeObserver;
}

/** Tells what a reader in one of several regions goes through, to the log and the metrics. */
export function observeRegions(
  log: Logger,
  metrics: { readonly revocations: RevocationMetrics; readonly regions: Pick<RegionMetrics, 'propagation'> },
): RegionObservers {
  return {
    local: observeLog(log.child({ store: 'local' }), metrics),
    global: observeLog(log.child({ store: 'global' }), metrics),
    bridge: observeBridge(log),
  };
}

/** How long it takes between regions is the line's, and no measure of this one. */
function observeLog(log: Logger, { revocations, regions }: Parameters<typeof observeRegions>[1]): RevocationObserver {
  const observer = observeRevocations(log, revocations);
  return {
    ...observer,
    propagated(seconds, kind, from) {
      if (from === undefined) observer.propagated?.(seconds, kind);
      else regions.propagation.observe(seconds, { region: from });
    },
  };
}

function observeBridge(log: Logger): BridgeObserver {
  return {
    bridged: (entries, to) => log.debug({ entries, to }, 'a store lacked revocations, and has them now'),
    unbridged: (entries, to, err) =>
      log.warn({ err, entries, to }, 'a store lacks revocations that cannot be written there'),
    unanswered: (entries, err) => log.warn({ err, entries }, 'revocations of other regions are not answered yet'),
  };
}
