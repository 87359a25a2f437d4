import type { Rate } from '../login/rate-limit.ts';

/** Seconds until one more is allowed, 0 for now; counts it if so. */
export type WorkLimit = (name: string) => number;

export interface WorkLimitOptions extends Rate {
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number;
  /** Names that are remembered; the one that asked longest ago is forgotten first. @default 10000 */
  readonly maxNames?: number;
}

/**
 * Bounds the work that one name can cause in this process (GCRA, as in rate-limit.ts). Not in Redis, because nothing is
 * guessed here that several replicas would have to count together, and workloads get tokens while Redis is away.
 */
export function createWorkLimit({ burst, refillSeconds, monotonic, maxNames = 10_000 }: WorkLimitOptions): WorkLimit {
  const refill = refillSeconds * 1000;
  const fullAt = new Map<string, number>();
  return (name) => {
    const now = monotonic();
    const full = Math.max(fullAt.get(name) ?? now, now) + refill;
    const wait = full - burst * refill - now;
    if (wait > 0) return Math.ceil(wait / 1000);
    fullAt.delete(name);
    fullAt.set(name, full);
    const [oldest] = fullAt.keys();
    if (fullAt.size > maxNames && oldest !== undefined) fullAt.delete(oldest);
    return 0;
  };
}
