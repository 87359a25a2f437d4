import { performance } from 'node:perf_hooks';
import { createExchange, type Exchange, type ExchangeDependencies } from './exchange.ts';
import { createWorkLimit } from './work-limit.ts';
import type { ProveWorkload } from './workload-proof.ts';

export interface ExchangeParts extends Omit<ExchangeDependencies, 'proveWorkload' | 'limits'> {
  /** None where workloads exchange no tokens. */
  readonly proveWorkload: ProveWorkload | undefined;
}

/** A token lives for minutes: who asks more often keeps none, or is in a loop. Behind a proxy many come from one address. */
const RATES = {
  address: { burst: 2_000, refillSeconds: 1 / 500 },
  workload: { burst: 1_000, refillSeconds: 1 / 100 },
};

/** @returns undefined where no cluster's tokens are believed */
export function assembleExchange({ proveWorkload, ...parts }: ExchangeParts): Exchange | undefined {
  const monotonic = () => performance.now();
  const limits = {
    address: createWorkLimit({ ...RATES.address, monotonic }),
    workload: createWorkLimit({ ...RATES.workload, monotonic }),
  };
  return proveWorkload && createExchange({ ...parts, proveWorkload, limits });
}
