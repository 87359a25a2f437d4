import { Follower, type FollowerOptions } from './follower.ts';
import type { RegionNews } from './regional/region-news.ts';
import type { Origin, Refusal, RevocableClaims } from './revocation-set.ts';

export interface RevocationReader {
  /**
   * Whether a token is refused, and by what kind of revocation; in memory, at once. Says nothing about how fresh that
   * memory is: a caller that must not trust an old one looks at `staleMs` too.
   * @param from the kid of the token's header, whose region's clock `iat` is of; or where something began that is no token
   */
  check(claims: RevocableClaims, from?: string | Origin): Refusal | undefined;
  /** Milliseconds since this reader last knew that it had everything; Infinity until it first did. At most about 1,000 while Redis answers. */
  readonly staleMs: number;
  /**
   * Milliseconds since this reader last knew everything that the other regions revoked; of all of them but the lost ones the
   * longest. Infinity until it first did; 0 where there is one region.
   */
  readonly behindMs: number;
  /** The other regions; none where there is one. */
  regions(): readonly RegionNews[];
  readonly size: number;
  /** Resolves when everything was loaded for the first time. */
  readonly ready: Promise<void>;
  /** Ends following, and closes the log. What was read stays in force. */
  stop(): Promise<void>;
}

/**
 * Follows revocations: takes the last position of the stream, loads every set, then reads on from that position, so
 * that what was added meanwhile is read twice and never missed. Each entry names the one before it and each turn asks
 * for the last, so that whatever was not sent (the stream was trimmed or deleted, Redis restarted empty, a replica took
 * over that lacks entries) shows as a gap. A gap only ever adds: everything is loaded again, and what Redis lost but
 * this reader knows is written back.
 */
export function startRevocationReader(options: FollowerOptions): RevocationReader {
  const follower = new Follower(options);
  const running = follower.run();
  return {
    check: (claims, from) => follower.set.check(claims, from),
    get staleMs() {
      return follower.staleMs;
    },
    behindMs: 0,
    regions: () => [],
    get size() {
      return follower.set.size;
    },
    ready: follower.ready,
    async stop() {
      follower.stop();
      await running;
    },
  };
}
