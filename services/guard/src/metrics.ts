import type { RevocationReader } from '@sekisho/sessions';
import type { Metrics } from '@sekisho/telemetry';
import { type Answer, DENIALS } from './answer.ts';

/** A tenth of a millisecond to the 250 ms after which Envoy gives up. */
const DECISION_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];
/** Half a millisecond to the ten seconds that a failover takes. */
const PROPAGATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export type GuardMetrics = ReturnType<typeof createGuardMetrics>;

/** What is asked at each scrape. */
export interface Gauged {
  readonly revocations: () => Pick<RevocationReader, 'staleMs' | 'size'>;
  readonly sessions: () => number;
}

export function createGuardMetrics(metrics: Metrics, gauged: Gauged) {
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.gauge({ name, help, collect: (one) => one.set(read()) });
  gauge('revocations', 'Revocations that this process refuses tokens by', () => gauged.revocations().size);
  gauge(
    'revocation_staleness_seconds',
    'Time since this process last knew of every revocation; +Inf before the first time',
    () => gauged.revocations().staleMs / 1000,
  );
  gauge('guard_sessions', 'Sessions that this process holds in memory', gauged.sessions);
  const decisions = metrics.counter({
    name: 'guard_decisions_total',
    help: 'Questions of Envoy, by what was answered',
    labels: { decision: ['allow', 'deny'], code: ['ok', ...DENIALS] },
  });
  const seconds = metrics.histogram({
    name: 'guard_decision_seconds',
    help: 'Time from a question to its answer',
    buckets: DECISION_BUCKETS,
  });
  return {
    decided(answer: Answer, took: number) {
      if (answer.allowed) decisions.inc({ decision: 'allow', code: 'ok' });
      else decisions.inc({ decision: 'deny', code: answer.code });
      seconds.observe(took);
    },
    minted: metrics.counter({
      name: 'tokens_issued_total',
      help: 'Tokens that were minted',
      labels: { kind: ['narrow'] },
    }),
    touchFailures: metrics.counter({
      name: 'guard_session_touch_failures_total',
      help: 'Times that the use of sessions could not be noted',
    }),
    propagation: metrics.histogram({
      name: 'revocation_propagation_seconds',
      help: 'Time from a revocation in Redis until this process refuses by it',
      buckets: PROPAGATION_BUCKETS,
    }),
    reloads: metrics.counter({
      name: 'revocation_reloads_total',
      help: 'Times that every revocation was loaded, at the start or after a gap in the stream',
      labels: { reason: ['start', 'gap'] },
    }),
  };
}
