import type { Metrics } from '@sekisho/telemetry';

export function createAccountMetrics(metrics: Metrics) {
  return {
    owed: metrics.gauge({
      name: 'auth_revocations_owed',
      help: 'Revocations that a committed change owes and that are not made yet',
    }),
    failures: metrics.counter({
      name: 'auth_revocation_failures_total',
      help: 'Times that a revocation could not be made right after its change',
    }),
  };
}
