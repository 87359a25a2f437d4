import {
  type OnSecurityEvent,
  type RevocationObserver,
  type RevocationReader,
  SECURITY_EVENT_KINDS,
} from '@sekisho/sessions';
import type { Logger, Metrics } from '@sekisho/telemetry';

/** Half a millisecond to the ten seconds that a failover takes. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export type RevocationMetrics = ReturnType<typeof createRevocationMetrics>;

/** @param reader asked at each scrape */
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
      help: 'Times that every revocation was loaded, at the start or after a gap in the stream',
      labels: { reason: ['start', 'gap'] },
    }),
    securityEvents: metrics.counter({
      name: 'security_events_total',
      help: 'Events that somebody should know of',
      labels: { kind: SECURITY_EVENT_KINDS },
    }),
  };
}

/** Tells what a reader goes through. */
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

/** A line in the log, with ids alone, and a count. */
export function tellSecurityEvents(log: Logger, metrics: RevocationMetrics): OnSecurityEvent {
  return (event) => {
    metrics.securityEvents.inc({ kind: event.kind });
    log.warn({ event }, 'security event');
  };
}
