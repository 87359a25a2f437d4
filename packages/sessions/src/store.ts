import type { RedisClient } from './connection.ts';
import type { SessionError } from './errors.ts';
import type { Provenance } from './regions/untold.ts';
import type { EndedSession, NewSession, Session } from './session.ts';

export interface SessionStoreOptions {
  readonly redis: RedisClient;
  readonly clock: () => Date;
  /** Makes session ids: letters, digits, "_" and "-". */
  readonly newId: () => string;
  /** Milliseconds a session lives after its last access. @default 7 days */
  readonly ttlMs?: number;
  /** A user's sessions at once; a new one more ends the one that was used least recently. @default 20 */
  readonly maxPerUser?: number;
  /**
   * Ends those that have to go for a new one, before `create` resolves; when it rejects, so does `create`, leaving no new
   * session, and it is asked again at the next. One may be given to several at once. @default they are destroyed
   */
  readonly evict?: (userId: string, sessions: readonly EndedSession[]) => Promise<void>;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
}

/** Every method rejects with SessionError `redis_unavailable` when Redis is away. */
export interface SessionStore {
  create(from: NewSession): Promise<Session>;
  /**
   * Reads without prolonging; undefined when there is no such session, or it is over.
   * @param from by what it is asked for: of several regions it rejects with SessionError `session_untold` while another one may
   * have begun it and could not tell
   */
  get(userId: string, sessionId: string, from?: Provenance): Promise<Session | undefined>;
  /** Notes an access, which prolongs the session, in one round trip but for one in a day; undefined as in `get`. */
  touch(userId: string, sessionId: string): Promise<Session | undefined>;
  /**
   * Ends sessions of a user in one step.
   * @returns the ids of those that there were
   */
  destroy(userId: string, ...sessionIds: readonly string[]): Promise<string[]>;
  /** A user's sessions, the latest access first. */
  list(userId: string): Promise<Session[]>;
  /** The same for who ends them all, and must know whether these are. */
  listToEnd(userId: string): Promise<SessionsToEnd>;
  /** The user of a session that is known by its id alone; the session itself may be over. */
  ownerOf(sessionId: string): Promise<string | undefined>;
}

export interface SessionsToEnd {
  readonly sessions: readonly Session[];
  /** SessionError `redis_unavailable` while a store is away that alone may know more of the sessions that began in this region. */
  readonly away?: SessionError;
}

/** How a store takes part where there are several regions. */
export interface Replicated {
  readonly region: string;
  /** Whether it is the store of this region, where what changes is noted for the others; else it is the one that all share. */
  readonly isOwn: boolean;
  /** Milliseconds since everything was known that the others revoked. @default they are not waited for */
  readonly behindMs?: (() => number) | undefined;
}

/** A session, what is left of one that was ended, or nothing: it may be known elsewhere. */
export type Found = Session | 'ended' | undefined;

/** One store, as those of several regions are made of. */
export interface StoreAt extends SessionStore {
  /** As `create`, of a session that is made already. */
  put(session: Session): Promise<void>;
  /** As `get` and `touch`, and tells a session that was ended from one that is not known. */
  find(userId: string, sessionId: string): Promise<Found>;
  findAndTouch(userId: string, sessionId: string): Promise<Found>;
}
