import type { ClusterKeys } from './cluster-keys.ts';
import { createExchange, type Exchange, type ExchangeDependencies } from './exchange.ts';
import { createWorkloadProof } from './workload-proof.ts';

export interface ExchangeParts extends Omit<ExchangeDependencies, 'proveWorkload'> {
  /** None where workloads exchange no tokens. */
  readonly clusterKeys: ClusterKeys | undefined;
}

/** @returns undefined where no cluster's tokens are believed */
export function assembleExchange({ clusterKeys, ...parts }: ExchangeParts): Exchange | undefined {
  if (clusterKeys === undefined) return undefined;
  return createExchange({ ...parts, proveWorkload: createWorkloadProof({ ...parts, clusterKeys }) });
}
