import { AuthError } from '../errors.ts';

export interface KnowledgeLimits {
  /** Milliseconds without news of this region's own revocations. */
  readonly maxStalenessMs: number;
  /** Milliseconds without news of another region's. */
  readonly maxBehindMs: number;
}

/** Whether what is revoked is known well enough. Both throw AuthError `unavailable` while it is not. */
export interface Knowledge {
  /** As far as it was revoked in this region, or heard of here. */
  assertFresh(): void;
  /** Wherever it was revoked. */
  assertCaughtUp(): void;
}

/** @param reader of revocations, asked each time */
export function createKnowledge(
  reader: { readonly staleMs: number; readonly behindMs: number },
  { maxStalenessMs, maxBehindMs }: KnowledgeLimits,
): Knowledge {
  const assertFresh = () => {
    if (reader.staleMs > maxStalenessMs) throw unknown('what is revoked cannot be known right now');
  };
  return {
    assertFresh,
    assertCaughtUp() {
      assertFresh();
      if (reader.behindMs > maxBehindMs) throw unknown('what another region revoked cannot be known right now');
    },
  };
}

function unknown(detail: string): AuthError {
  return new AuthError('unavailable', detail, { retryAfter: 1 });
}
