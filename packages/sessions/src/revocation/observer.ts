import type { RevocationKind } from './revocation.ts';

export const LOAD_REASONS = ['start', 'gap', 'takeover'] as const;
export type LoadReason = (typeof LOAD_REASONS)[number];

/** What a reader tells of itself, for logs and metrics. */
export interface RevocationObserver {
  /**
   * Seconds from an entry's moment in Redis until it is in force here; differing clocks are allowed for.
   * @param from the other region that it was revoked in
   */
  propagated?(seconds: number, kind: RevocationKind, from?: string): void;
  /**
   * The sets were loaded: at the start, because the stream showed a gap or the place lacked something, or because another server took
   * over, or restarted, that lacked nothing.
   */
  loaded?(why: LoadReason, entries: number): void;
  /** Redis had lost entries that this reader knew, and has them again. */
  restored?(entries: number): void;
  /** They could not be written back: told once, tried again at every turn. */
  unrestored?(entries: number, cause: unknown): void;
  /** Told once when Redis is followed and once when it is lost, not at every attempt. */
  state?(state: 'following' | 'lost', cause?: unknown): void;
  /** Entries that this version cannot read, so does not apply. */
  unreadable?(entries: number): void;
}
