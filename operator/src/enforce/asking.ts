import { readFile } from 'node:fs/promises';
import type { CacheOptions } from '../caches.ts';
import type { EnforceConfig } from './config.ts';
import { createIstiod, type Istiod } from './istiod.ts';
import { discoveredReplicas, fixedReplicas, type ReplicaSource } from './replicas.ts';

/** Everything through which istiod is asked. */
export interface Asking {
  readonly istiod: Istiod;
  readonly source: ReplicaSource;
  /** Milliseconds; see `EnforcementWatchOptions`. */
  readonly settleMs: number;
}

/** istiod writes all of its configuration in one answer: 60 MB at 5,000 policies, of which a few are kept. */
const MAX_BYTES = 512 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

export function createAsking({ istiod: place, tokenFile, settleMs }: EnforceConfig, options: CacheOptions): Asking {
  // Read each time: the kubelet puts a fresh one in its place.
  const token = tokenFile === undefined ? undefined : async () => (await readFile(tokenFile, 'utf8')).trim();
  return {
    istiod: createIstiod({ timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES, token }),
    source: 'urls' in place ? fixedReplicas(place.urls) : discoveredReplicas(options, place),
    settleMs,
  };
}
