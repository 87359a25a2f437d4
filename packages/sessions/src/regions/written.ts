import type { Replicated } from '../store.ts';

/** What scripts are told that write a session. */
export interface Written {
  /** Milliseconds since the epoch; empty where the clock of the store counts. */
  now(): number | '';
  /** Milliseconds, whole: within which it may have been ended elsewhere. */
  behindMs(): number;
}

/** @param replicated undefined where there are no regions */
export function writtenBy({ clock }: { readonly clock: () => Date }, replicated: Replicated | undefined): Written {
  const isOurs = replicated?.isOwn ?? true;
  return {
    now: () => (isOurs ? clock().getTime() : ''),
    // Never heard of is longer than anything lives.
    behindMs: () => Math.min(Math.ceil(replicated?.behindMs?.() ?? 0), Number.MAX_SAFE_INTEGER),
  };
}
