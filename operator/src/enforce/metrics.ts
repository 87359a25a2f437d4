import type { ReplicaProblem } from '@sekisho/policy';
import type { Metrics } from '@sekisho/telemetry';

const RESULTS = ['ok', 'unreachable', 'forbidden', 'unreadable', 'not_found'] as const satisfies readonly (
  | 'ok'
  | ReplicaProblem
)[];
const BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

export interface EnforceMetrics {
  /** One replica was asked. */
  asked(problem: ReplicaProblem | undefined): void;
  /** All replicas were asked. */
  looked(milliseconds: number): void;
  observe(state: { waiting(): number; oldestMs(): number }): void;
}

export function createEnforceMetrics(metrics: Metrics): EnforceMetrics {
  const asked = metrics.counter({
    name: 'sekisho_istiod_looks_total',
    help: 'Looks at one replica of istiod by what came of them',
    labels: { result: RESULTS },
  });
  const seconds = metrics.histogram({
    name: 'sekisho_istiod_round_seconds',
    help: 'Time of one look at all replicas of istiod',
    buckets: BUCKETS,
  });
  return {
    asked: (problem) => asked.inc({ result: problem ?? 'ok' }),
    looked: (milliseconds) => seconds.observe(milliseconds / 1000),
    observe({ waiting, oldestMs }) {
      metrics.gauge({
        name: 'sekisho_enforcement_waiting',
        help: 'Policies whose objects are still to be seen at proxies',
        collect: (gauge) => gauge.set(waiting()),
      });
      metrics.gauge({
        name: 'sekisho_enforcement_age_seconds',
        help: 'How long the policy waits that waits longest',
        collect: (gauge) => gauge.set(oldestMs() / 1000),
      });
    },
  };
}
