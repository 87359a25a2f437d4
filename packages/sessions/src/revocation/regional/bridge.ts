import type { Head, Heard } from '../log.ts';
import type { RevocationEntry } from '../revocation.ts';
import type { Mark } from './region-news.ts';

/** The two places where revocations are kept: the region's own, and the one that all regions share. */
export type Place = 'local' | 'global';

/** Until when everything that another region revoked is in this region's store. */
export interface RegionNote {
  readonly name: string;
  /** Milliseconds since then. */
  readonly ageMs: number;
  /** Then, by the clock of this process, milliseconds since the epoch. */
  readonly wall: number;
}

/** How a region is known at global. */
export interface Beat {
  /** Milliseconds since everything is there that the region revoked. */
  readonly wholeMs: number;
  /** Milliseconds since every session is there as it was in the region; undefined while that is not known. */
  readonly untoldMs: number | undefined;
  /** Of global, that this is known of. */
  readonly history: string;
}

/**
 * What the bridge between the two places writes, as `createRegionalRevoker` offers it, and what is to be done when another
 * region's revocation arrives. Each rejects when its place is away, is tried again then, and may be repeated without harm: every
 * process of a region that runs a bridge does the same.
 */
export interface Bridge {
  readonly restoreLocal: (entries: readonly Heard[]) => Promise<void>;
  readonly restoreGlobal: (entries: readonly Heard[]) => Promise<void>;
  /** Writes this region's own moment for an entry of another one. */
  readonly answer: (entry: RevocationEntry) => Promise<void>;
  /** Notes at global how this region is known there; nothing if it goes on with another history, so that nobody knows yet what it lacks. */
  readonly beat: (beat: Beat) => Promise<void>;
  /** Milliseconds since global knew of every session as it was here, as the sync of sessions knows. @default nobody does */
  readonly untoldMs?: () => number;
  /**
   * The same at local, of the other regions: for who starts while global is away. Nothing either where the log does not hold the
   * position any more.
   */
  readonly note: (at: Head, notes: readonly RegionNote[]) => Promise<void>;
  readonly mark: (place: Place, mark: Mark) => Promise<void>;
  /**
   * Told of a dated entry of another region before it is answered, so once at least: a `logout` ends by name the sessions that
   * began in this region and that the other one may not have known, but for `except`.
   */
  readonly onArrival: (entry: RevocationEntry) => Promise<void>;
}

/** What a bridge tells of itself, for logs and metrics. */
export interface BridgeObserver {
  /** Everything that the place lacked is there. */
  bridged?(entries: number, to: Place): void;
  /** So many cannot be written there: told once, tried again at every turn. */
  unbridged?(entries: number, to: Place, cause: unknown): void;
  /** Revocations of other regions that are not answered yet: told once, tried again at every turn. */
  unanswered?(entries: number, cause: unknown): void;
}
