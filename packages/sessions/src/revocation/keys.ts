import { REVOCATION_KINDS, type RevocationKind } from './revocation.ts';

/**
 * Names of the Redis keys. One hash tag for all: an entry enters its set and the stream in one step, so they must lie
 * in one cluster slot.
 */
export function revocationKeys(prefix: string) {
  const stream = `${prefix}:{revocations}`;
  return {
    /** Entries in the order they came, for a few minutes. */
    stream,
    /** zset: every entry of a kind that still matters, by the time it ends, milliseconds since the epoch. */
    ofKind: (kind: RevocationKind) => `${stream}:${kind}`,
    /** hash: how far each region is known, and what administrators say of it. */
    regions: `${stream}:regions`,
    /** zset: what this region answered, by when that ends, milliseconds since the epoch. */
    answered: `${stream}:answered`,
    sets: REVOCATION_KINDS.map((kind) => ({ kind, key: `${stream}:${kind}` })),
  };
}
