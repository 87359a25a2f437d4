import { type Condition, readPolicyStatus } from '@sekisho/policy';
import type { Counter, Histogram, Metrics } from '@sekisho/telemetry';
import type { Caches } from './caches.ts';
import type { KeySets } from './key-sets.ts';
import type { ReconcileResult } from './policy-controller.ts';

const RESULTS = ['unchanged', 'written', 'waiting', 'failed'] as const satisfies readonly ReconcileResult[];
const CONDITIONS = ['Accepted', 'Programmed', 'Enforced', 'Warning'] as const;
const STATUSES = ['True', 'False', 'Unknown'] as const satisfies readonly Condition['status'][];
const BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

export interface OperatorMetrics {
  reconciled(result: ReconcileResult, milliseconds: number): void;
  fetchFailed(): void;
}

/** The counters that work is told to. */
export function createOperatorMetrics(metrics: Metrics): OperatorMetrics {
  const total: Counter<{ result: typeof RESULTS }> = metrics.counter({
    name: 'sekisho_reconcile_total',
    help: 'Reconciles of a policy by what they came to',
    labels: { result: RESULTS },
  });
  const seconds: Histogram<Record<never, never>> = metrics.histogram({
    name: 'sekisho_reconcile_seconds',
    help: 'Time of one reconcile of a policy, its writes included',
    buckets: BUCKETS,
  });
  const failures = metrics.counter({
    name: 'sekisho_jwks_fetch_failures_total',
    help: 'Fetches of a jwksUri that brought no usable key set',
  });
  return {
    reconciled(result, milliseconds) {
      total.inc({ result });
      seconds.observe(milliseconds / 1000);
    },
    fetchFailed: () => failures.inc(),
  };
}

/** Gauges that are read from state at each scrape. */
export function observeState(metrics: Metrics, caches: Caches, keySets: KeySets): void {
  metrics.gauge({
    name: 'sekisho_policies',
    help: 'Policies by condition and its status; Unknown counts those without the condition',
    labels: { condition: CONDITIONS, status: STATUSES },
    collect(gauge) {
      const policies = caches.policies.store.list().map((policy) => readPolicyStatus(policy.status).conditions ?? []);
      for (const condition of CONDITIONS) {
        const found = policies.map(
          (conditions) => conditions.find(({ type }) => type === condition)?.status ?? 'Unknown',
        );
        for (const status of STATUSES) gauge.set(found.filter((each) => each === status).length, { condition, status });
      }
    },
  });
  metrics.gauge({
    name: 'sekisho_jwks_age_seconds',
    help: 'Age of the oldest key set in use that was fetched',
    collect: (gauge) => gauge.set(keySets.oldestAgeMs / 1000),
  });
}
