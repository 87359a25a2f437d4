export interface KnowledgeLimits {
  /** Milliseconds without news of this region's own revocations. */
  readonly maxStalenessMs: number;
  /** Milliseconds without news of another region's; undefined where there is one region. */
  readonly maxBehindMs: number | undefined;
}

/**
 * Whether what is revoked is known well enough to go by; every request with a token asks.
 * @param reader of revocations, asked each time
 */
export function createKnowsRevocations(
  reader: { readonly staleMs: number; readonly behindMs: number },
  { maxStalenessMs, maxBehindMs }: KnowledgeLimits,
): () => boolean {
  if (maxBehindMs === undefined) return () => reader.staleMs <= maxStalenessMs;
  return () => reader.staleMs <= maxStalenessMs && reader.behindMs <= maxBehindMs;
}
