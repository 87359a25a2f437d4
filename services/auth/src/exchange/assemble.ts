import { createExchange, type Exchange, type ExchangeDependencies } from './exchange.ts';
import type { ProveWorkload } from './workload-proof.ts';

export interface ExchangeParts extends Omit<ExchangeDependencies, 'proveWorkload'> {
  /** None where workloads exchange no tokens. */
  readonly proveWorkload: ProveWorkload | undefined;
}

/** @returns undefined where no cluster's tokens are believed */
export function assembleExchange({ proveWorkload, ...parts }: ExchangeParts): Exchange | undefined {
  return proveWorkload && createExchange({ ...parts, proveWorkload });
}
