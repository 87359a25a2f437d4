import { unlessDamaged } from './errors.ts';
import { type SessionKeys, sessionKeys } from './keys.ts';
import { redisCall } from './redis-call.ts';
import { type Written, writtenBy } from './regions/written.ts';
import { lists, strings, toEnded } from './replies.ts';
import { BURY, CREATE, DESTROY, LIST, TOUCH } from './scripts.ts';
import { fromFields, isEnded, newSession, SESSION_TTL_MS, type Session, toFields } from './session.ts';
import { createSessionIndex, type SessionIndex } from './session-index.ts';
import type { Found, Replicated, SessionStore, SessionStoreOptions, StoreAt } from './store.ts';

/**
 * Sessions in Redis. A change is one script in the user's slot, which is what decides whether a session lives, and one
 * write to the index from session to user, which may lie on another node. Their order is chosen for a crash in between:
 * - create writes the index first: a live session can always be found, and revoked, by its id;
 * - destroy ends the session first: what can stay behind is an index entry that leads to nothing and expires;
 * - touch prolongs the session first, then the index when that is due, and notes it last: the next one makes up for it.
 */
export function createSessionStore(options: SessionStoreOptions): SessionStore {
  return openStore(options);
}

/** @param replicated undefined where there are no regions */
export function openStore(options: SessionStoreOptions, replicated?: Replicated): StoreAt {
  const { redis, clock, newId, ttlMs = SESSION_TTL_MS, prefix = 'sk' } = options;
  const keys = sessionKeys(prefix);
  const now = () => clock().getTime();
  const index = createSessionIndex({ redis, keys, ttlMs });
  const place: Place = { ...options, ttlMs, keys, index, replicated, now, written: writtenBy(options, replicated) };
  const destroy = destroyIn(place);
  const put = putIn(place, destroy);
  const { find, findAndTouch } = looksIn(place);
  const list = listIn(place);
  return {
    destroy,
    put,
    find,
    findAndTouch,
    list,
    listToEnd: async (userId) => ({ sessions: await list(userId) }),

    async create(from) {
      const session = newSession(newId(), from, now(), ttlMs);
      await put(session);
      return session;
    },

    get: async (userId, id) => living(await find(userId, id)),

    touch: async (userId, id) => living(await findAndTouch(userId, id)),

    async ownerOf(id) {
      return (await redisCall(redis.get(keys.owner(id)))) ?? undefined;
    },
  };
}

export function living(found: Found): Session | undefined {
  return found === 'ended' ? undefined : found;
}

interface Place extends SessionStoreOptions {
  readonly ttlMs: number;
  readonly keys: SessionKeys;
  readonly index: SessionIndex;
  readonly replicated: Replicated | undefined;
  readonly now: () => number;
  readonly written: Written;
}

function isLive(session: Session | undefined, now: number): session is Session {
  return session !== undefined && session.expiresAt > now;
}

function outboxIn({ keys, replicated }: Place, userId: string): string[] {
  return replicated?.isOwn === true ? [keys.outboxOf(userId)] : [];
}

function listIn({ redis, keys, now }: Place): SessionStore['list'] {
  return async (userId) => {
    const rows = lists(await LIST.run(redis, [keys.ofUser(userId)], [keys.sessionPrefix(userId)]));
    return rows.map((fields) => unlessDamaged(() => fromFields(fields))).filter((session) => isLive(session, now()));
  };
}

function destroyIn(place: Place): SessionStore['destroy'] {
  const { redis, keys, index, replicated, written, ttlMs } = place;
  return async (userId, ...ids) => {
    if (ids.length === 0) return [];
    const ofSessions = [keys.ofUser(userId), ...ids.map((id) => keys.session(userId, id))];
    const reply =
      replicated === undefined
        ? await DESTROY.run(redis, ofSessions, ids)
        : await BURY.run(redis, [...ofSessions, ...outboxIn(place, userId)], [written.now(), ttlMs, ...ids]);
    const destroyed = strings(reply);
    // Of others the index may be that of another user's live session.
    await index.forget(destroyed);
    return destroyed;
  };
}

/** A user's sessions at once, unless a store is told otherwise. */
export const MAX_PER_USER = 20;

function putIn(place: Place, destroy: SessionStore['destroy']): StoreAt['put'] {
  const { redis, keys, index, ttlMs, maxPerUser = MAX_PER_USER } = place;
  const evict =
    place.evict ?? (async (userId, evicted) => void (await destroy(userId, ...evicted.map(({ id }) => id))));
  return async (session) => {
    const { id, userId, createdAt } = session;
    await index.write(session);
    const ofSession = [keys.ofUser(userId), keys.session(userId, id), ...outboxIn(place, userId)];
    const args = [id, createdAt, ttlMs, maxPerUser, keys.sessionPrefix(userId), ...toFields(session)];
    const evicted = lists(await CREATE.run(redis, ofSession, args)).map(toEnded(userId));
    if (evicted.length === 0) return;
    try {
      await evict(userId, evicted);
    } catch (error) {
      // Nobody learns of it: kept, every try to log in would add one. What stays even so goes at the next.
      await destroy(userId, id).catch(() => undefined);
      throw error;
    }
  };
}

function looksIn(place: Place): Pick<StoreAt, 'find' | 'findAndTouch'> {
  const { redis, keys, index, ttlMs, now, written } = place;
  return {
    async find(userId, id) {
      const fields = await redisCall(redis.hgetall(keys.session(userId, id)));
      if (fields['endedAt'] !== undefined) return 'ended';
      const session = fromFields(Object.entries(fields).flat());
      return isLive(session, now()) ? session : undefined;
    },

    async findAndTouch(userId, id) {
      const ofSession = [keys.ofUser(userId), keys.session(userId, id), ...outboxIn(place, userId)];
      const touched = strings(await TOUCH.run(redis, ofSession, [id, written.now(), ttlMs, written.behindMs()]));
      return isEnded(touched) ? 'ended' : index.follow(touched, now());
    },
  };
}
