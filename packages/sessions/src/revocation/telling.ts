import type { Logger, Metrics } from '@sekisho/telemetry';
import { LOAD_REASONS, type RevocationObserver } from './observer.ts';
import type { RevocationReader } from './reader.ts';

/** Half a millisecond to the ten seconds that a failover takes. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export type RevocationMetrics = ReturnType<typeof createRevocationMetrics>;

/**
 * What every process that reads revocations tells of them.
 * @param reader asked at each scrape
 */
export function createRevocationMetrics(metrics: Metrics, reader: () => Pick<RevocationReader, 'staleMs' | 'size'>) {
  metrics.gauge({
    name: 'revocations',
    help: 'Revocations that this process refuses tokens by',
    collect: (gauge) => gauge.set(reader().size),
  });
  metrics.gauge({
    name: 'revocation_staleness_seconds',
    help: 'Time since this process last knew of every revocation; +Inf before the first time',
    collect: (gauge) => gauge.set(reader().staleMs / 1000),
  });
  return {
    propagation: metrics.histogram({
      name: 'revocation_propagation_seconds',
      help: 'Time from a revocation in Redis until this process refuses by it',
      buckets: BUCKETS,
    }),
    reloads: metrics.counter({
      name: 'revocation_reloads_total',
      help: 'Times that every revocation was loaded: at the start, after a gap in the stream, or because another server took over that lacked none',
      labels: { reason: LOAD_REASONS },
    }),
  };
}

/** Tells what a reader goes through, to the log and the metrics. */
export function observeRevocations(log: Logger, metrics: RevocationMetrics): RevocationObserver {
  return {
    propagated: (seconds) => metrics.propagation.observe(seconds),
    loaded(reason, entries) {
      metrics.reloads.inc({ reason });
      log.info({ reason, entries }, 'revocations loaded');
    },
    restored: (entries) => log.warn({ entries }, 'Redis had lost revocations, and has them again'),
    unrestored: (entries, err) => log.error({ err, entries }, 'Redis lost revocations that cannot be written back'),
    unreadable: (entries) => log.error({ entries }, 'revocations of an unknown kind are not applied'),
    state(state, err) {
      if (state === 'following') log.info('revocations followed');
      else log.warn({ err }, 'revocations not followed');
    },
  };
}
