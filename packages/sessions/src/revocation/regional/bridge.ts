import type { Heard } from '../log.ts';
import type { RevocationEntry } from '../revocation.ts';
import type { Mark } from './region-news.ts';

/** The two places where revocations are kept: the region's own, and the one that all regions share. */
export type Place = 'local' | 'global';

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
  /** Notes at global that everything is there which this region revoked until so many milliseconds ago. */
  readonly beat: (ageMs: number) => Promise<void>;
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
