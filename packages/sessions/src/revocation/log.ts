import type { RegionReport } from './regional/region-news.ts';
import type { RevocationEntry } from './revocation.ts';

/** Where an entry lies in the stream, `<ms>-<n>`; `0-0` is before the first. */
export type Position = string;
export const BEGINNING: Position = '0-0';
/** Milliseconds that a read without news is held: as often at least a reader learns that it misses nothing. */
export const BLOCK_MS = 1_000;

export function millisecondsOf(position: Position): number {
  return Number(position.split('-', 1)[0]);
}

export function isAtLeast(position: Position, other: Position): boolean {
  const [ms, n] = position.split('-').map(Number);
  const [otherMs, otherN] = other.split('-').map(Number);
  return ms === otherMs ? Number(n) >= Number(otherN) : Number(ms) > Number(otherMs);
}

/** An entry that came from another log, and how it came. */
export interface Heard extends RevocationEntry {
  /** The region that it was revoked in; undefined when nobody knows, or this one. */
  readonly from?: string | undefined;
  /** Milliseconds since it was revoked. */
  readonly ageMs?: number | undefined;
}

export interface LoggedEntry {
  readonly position: Position;
  /** The position of the entry before it, as its writer saw it. */
  readonly after: Position | undefined;
  /** undefined for one that this version cannot read */
  readonly entry: RevocationEntry | undefined;
  /** As `Heard`, of one that was brought here from another log; the age is that at which it was written. */
  readonly from?: string | undefined;
  readonly ageMs?: number | undefined;
}

export interface Head {
  /** The last position that the stream has. */
  readonly last: Position;
  /**
   * Names the history of writes that the place goes on with, empty where it does not say. With another one it may lack what it had
   * acknowledged: a replica took over, or it restarted.
   */
  readonly history: string;
}

/** A head as it was when it was asked, before the stream was read. */
export interface Turn extends Head {
  readonly entries: readonly LoggedEntry[];
}

/** What a reader needs of the place where revocations are kept. Every method rejects with SessionError `redis_unavailable`. */
export interface RevocationLog {
  /** The clock of that place, milliseconds since the epoch. */
  now(): Promise<number>;
  head(): Promise<Head>;
  /** Every entry that is not over, in pages; one that is added meanwhile may be missing. */
  all(): AsyncIterable<readonly (RevocationEntry | undefined)[]>;
  /** Entries behind the position, in order; waits BLOCK_MS for the first. */
  next(position: Position): Promise<Turn>;
  /** What is known there of regions; asked just before `next`, it comes with its answer. */
  regions(): Promise<RegionReport>;
  close(): void;
}
