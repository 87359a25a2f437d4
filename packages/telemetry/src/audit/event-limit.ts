export interface EventLimitOptions {
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number;
  /** Events of one kind at once. @default 200 */
  readonly burst?: number;
  /** After that, so many a second. @default 5 */
  readonly perSecond?: number;
  /** Kinds that are told apart; what comes beyond shares one limit. @default 128 */
  readonly maxKinds?: number;
}

export type Taken = { readonly taken: false } | { readonly taken: true; readonly leftOut: number };

export interface EventLimit {
  /** @returns whether an event may be written, and how many of its kind were not since the last one that was */
  take(kind: string): Taken;
}

interface Bucket {
  tokens: number;
  filledAt: number;
  leftOut: number;
}

const NOT = { taken: false } as const;
const OTHERS = 'others';

/** Token buckets, one for each kind of event: a flood of one kind hides no other. */
export function createEventLimit(options: EventLimitOptions): EventLimit {
  const { monotonic, burst = 200, perSecond = 5, maxKinds = 128 } = options;
  const buckets = new Map<string, Bucket>();
  const bucketOf = (kind: string): Bucket => {
    const key = buckets.has(kind) || buckets.size < maxKinds ? kind : OTHERS;
    const known = buckets.get(key) ?? { tokens: burst, filledAt: monotonic(), leftOut: 0 };
    buckets.set(key, known);
    return known;
  };
  return {
    take(kind) {
      const bucket = bucketOf(kind);
      const now = monotonic();
      bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filledAt) / 1000) * perSecond);
      bucket.filledAt = now;
      if (bucket.tokens < 1) {
        bucket.leftOut += 1;
        return NOT;
      }
      bucket.tokens -= 1;
      const { leftOut } = bucket;
      bucket.leftOut = 0;
      return { taken: true, leftOut };
    },
  };
}
