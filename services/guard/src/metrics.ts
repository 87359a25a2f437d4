import type { Metrics } from '@sekisho/telemetry';
import { type Answer, DENIALS } from './answer.ts';

/** A tenth of a millisecond to the 250 ms after which Envoy gives up. */
const DECISION_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];

export type GuardMetrics = ReturnType<typeof createGuardMetrics>;

/** @param sessions how many are held, asked at each scrape */
export function createGuardMetrics(metrics: Metrics, sessions: () => number) {
  metrics.gauge({
    name: 'guard_sessions',
    help: 'Sessions that this process holds in memory',
    collect: (gauge) => gauge.set(sessions()),
  });
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
  const allowed = decisions.series({ decision: 'allow', code: 'ok' });
  return {
    /** @param traceId of a question whose trace is recorded */
    decided(answer: Answer, took: number, traceId?: string) {
      if (answer.allowed) allowed.inc();
      else decisions.inc({ decision: 'deny', code: answer.code });
      seconds.observeTraced(took, traceId);
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
  };
}
