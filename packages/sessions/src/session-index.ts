import type { RedisClient } from './connection.ts';
import type { SessionKeys } from './keys.ts';
import { redisCall } from './redis-call.ts';
import { INDEXED } from './scripts.ts';
import { fromFields, indexedAt, type Session } from './session.ts';

export interface SessionIndexOptions {
  readonly redis: RedisClient;
  readonly keys: SessionKeys;
  /** Milliseconds a session lives after its last access. */
  readonly ttlMs: number;
}

/** From a session's id to its user, for who knows the id alone. Every method rejects with SessionError `redis_unavailable`. */
export interface SessionIndex {
  /** Milliseconds by which an entry outlives its session, if that is not used. */
  readonly slackMs: number;
  write(session: Pick<Session, 'id' | 'userId'>): Promise<void>;
  /**
   * Takes what a script returned that prolonged a session: its entry is prolonged too when that is due.
   * @returns the session; undefined when it is over
   */
  follow(fields: readonly string[], now: number): Promise<Session | undefined>;
  forget(ids: readonly string[]): Promise<void>;
}

/** The index outlives a session by this part of its life, so that it need not be written at each access: a day of a week. */
const SLACK = 1 / 7;

export function createSessionIndex({ redis, keys, ttlMs }: SessionIndexOptions): SessionIndex {
  const slack = Math.floor(ttlMs * SLACK);
  const write: SessionIndex['write'] = async ({ id, userId }) =>
    void (await redisCall(redis.set(keys.owner(id), userId, 'PX', ttlMs + slack)));
  return {
    slackMs: slack,
    write,
    async follow(fields, now) {
      const session = fromFields(fields);
      if (session !== undefined && indexedAt(fields) + slack <= now) {
        await write(session);
        await INDEXED.run(redis, [keys.session(session.userId, session.id)], [now]);
      }
      return session;
    },
    // One key per command: in a cluster each has its own slot.
    forget: async (ids) => void (await Promise.all(ids.map((id) => redisCall(redis.del(keys.owner(id)))))),
  };
}
