import type { Metrics } from '@sekisho/telemetry';
import type { ReplicaAge } from './replica-age.ts';

/** Only where there is a replica. */
export function createReplicaMetrics(metrics: Metrics, age: Pick<ReplicaAge, 'ms'>): void {
  metrics.gauge({
    name: 'database_replica_age_seconds',
    help: 'Time since all that the primary of the database had is known to be in its replica; +Inf before the first time',
    collect: (gauge) => gauge.set(age.ms / 1000),
  });
}
