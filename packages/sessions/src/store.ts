import type { RedisClient } from './connection.ts';
import { sessionKeys } from './keys.ts';
import { redisCall } from './redis-call.ts';
import { CREATE, DESTROY, LIST, TOUCH } from './scripts.ts';
import {
  type EndedSession,
  fromFields,
  type NewSession,
  newSession,
  SESSION_TTL_MS,
  type Session,
  toFields,
} from './session.ts';
import { createSessionIndex } from './session-index.ts';

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
  /** Reads without prolonging; undefined when there is no such session, or it is over. */
  get(userId: string, sessionId: string): Promise<Session | undefined>;
  /** Notes an access, which prolongs the session, in one round trip but for one in a day; undefined as in `get`. */
  touch(userId: string, sessionId: string): Promise<Session | undefined>;
  /**
   * Ends sessions of a user in one step.
   * @returns the ids of those that there were
   */
  destroy(userId: string, ...sessionIds: readonly string[]): Promise<string[]>;
  /** A user's sessions, the latest access first. */
  list(userId: string): Promise<Session[]>;
  /** The user of a session that is known by its id alone; the session itself may be over. */
  ownerOf(sessionId: string): Promise<string | undefined>;
}

/**
 * Sessions in Redis. A change is one script in the user's slot, which is what decides whether a session lives, and one
 * write to the index from session to user, which may lie on another node. Their order is chosen for a crash in between:
 * - create writes the index first: a live session can always be found, and revoked, by its id;
 * - destroy ends the session first: what can stay behind is an index entry that leads to nothing and expires;
 * - touch prolongs the session first, then the index when that is due, and notes it last: the next one makes up for it.
 */
export function createSessionStore(options: SessionStoreOptions): SessionStore {
  const { redis, clock, newId, ttlMs = SESSION_TTL_MS, maxPerUser = 20, prefix = 'sk' } = options;
  const keys = sessionKeys(prefix);
  const now = () => clock().getTime();
  const isLive = (session: Session | undefined): session is Session =>
    session !== undefined && session.expiresAt > now();
  const ofSession = (userId: string, id: string) => [keys.ofUser(userId), keys.session(userId, id)];
  const index = createSessionIndex({ redis, keys, ttlMs });

  async function destroy(userId: string, ...ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const hashes = ids.map((id) => keys.session(userId, id));
    const destroyed = strings(await DESTROY.run(redis, [keys.ofUser(userId), ...hashes], ids));
    // Of others the index may be that of another user's live session.
    await index.forget(destroyed);
    return destroyed;
  }

  const evict =
    options.evict ?? (async (userId, evicted) => void (await destroy(userId, ...evicted.map(({ id }) => id))));

  async function makeRoom({ userId, id }: Session, evicted: readonly EndedSession[]): Promise<void> {
    try {
      await evict(userId, evicted);
    } catch (error) {
      // Nobody learns of it: kept, every try to log in would add one. What stays even so goes at the next.
      await destroy(userId, id).catch(() => undefined);
      throw error;
    }
  }

  return {
    destroy,

    async create(from) {
      const session = newSession(newId(), from, now(), ttlMs);
      const { id, userId } = session;
      await index.write(session);
      const args = [id, session.createdAt, ttlMs, maxPerUser, keys.sessionPrefix(userId), ...toFields(session)];
      const evicted = lists(await CREATE.run(redis, ofSession(userId, id), args));
      if (evicted.length > 0) await makeRoom(session, evicted.map(toEnded(userId)));
      return session;
    },

    async get(userId, id) {
      const session = fromFields(Object.entries(await redisCall(redis.hgetall(keys.session(userId, id)))).flat());
      return isLive(session) ? session : undefined;
    },

    async touch(userId, id) {
      const touched = strings(await TOUCH.run(redis, ofSession(userId, id), [id, now(), ttlMs]));
      return index.follow(touched, now());
    },

    async list(userId) {
      const rows = lists(await LIST.run(redis, [keys.ofUser(userId)], [keys.sessionPrefix(userId)]));
      return rows.map(fromFields).filter(isLive);
    },

    async ownerOf(id) {
      return (await redisCall(redis.get(keys.owner(id)))) ?? undefined;
    },
  };
}

/** Empty is none. */
function toEnded(userId: string) {
  return ([id = '', clientId = '']: readonly string[]): EndedSession => ({
    id,
    userId,
    ...(clientId !== '' && { clientId }),
  });
}

function strings(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}

function lists(reply: unknown): string[][] {
  return Array.isArray(reply) ? reply.map(strings) : [];
}
