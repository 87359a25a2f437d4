import type { QueueObserver } from '@sekisho/kube';
import { type Condition, readPolicyStatus } from '@sekisho/policy';
import type { Counter, Histogram, Metrics } from '@sekisho/telemetry';
import type { Caches } from './caches.ts';
import type { KeySets } from './key-sets.ts';
import type { ReconcileResult } from './policy-controller.ts';

const RESULTS = ['unchanged', 'written', 'repaired', 'waiting', 'failed'] as const satisfies readonly ReconcileResult[];
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

export const QUEUES = ['policies', 'issuers', 'keys'] as const;
export type QueueName = (typeof QUEUES)[number];

/** What each queue is told to count, by the names of controller-runtime's workqueue metrics. */
export function createQueueMetrics(metrics: Metrics): (queue: QueueName) => QueueObserver {
  const labels = { queue: QUEUES };
  const adds = metrics.counter({ name: 'sekisho_queue_adds_total', help: 'Keys that began to wait', labels });
  const retries = metrics.counter({ name: 'sekisho_queue_retries_total', help: 'Keys whose work failed', labels });
  const waited = metrics.histogram({
    name: 'sekisho_queue_wait_seconds',
    help: 'How long a key waited for its turn; delays that were asked for do not count',
    labels,
    buckets: BUCKETS,
  });
  const worked = metrics.histogram({
    name: 'sekisho_queue_work_seconds',
    help: 'How long the work on a key took',
    labels,
    buckets: BUCKETS,
  });
  return (queue) => ({
    added: () => adds.inc({ queue }),
    retried: () => retries.inc({ queue }),
    started: (ms) => waited.observe(ms / 1000, { queue }),
    ended: (ms) => worked.observe(ms / 1000, { queue }),
  });
}

export interface ObservedState {
  readonly caches: Caches;
  readonly keySets: KeySets;
  readonly queues: Readonly<Record<QueueName, { readonly depth: number }>>;
  readonly isLeading: () => boolean;
}

/** Gauges that are read from state at each scrape. */
export function observeState(metrics: Metrics, { caches, keySets, queues, isLeading }: ObservedState): void {
  metrics.gauge({
    name: 'sekisho_leader',
    help: '1 while this process is the one that writes, 0 while it stands by',
    collect: (gauge) => gauge.set(isLeading() ? 1 : 0),
  });
  metrics.gauge({
    name: 'sekisho_queue_depth',
    help: 'Keys that wait for their turn',
    labels: { queue: QUEUES },
    collect(gauge) {
      for (const queue of QUEUES) gauge.set(queues[queue].depth, { queue });
    },
  });
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
