import type { RedisClient } from '../connection.ts';
import { isStoredId, sessionKeys } from '../keys.ts';
import { redisCall } from '../redis-call.ts';
import { strings } from '../replies.ts';
import type { RevocationEntry } from '../revocation/revocation.ts';
import { BURY } from '../scripts.ts';
import { SESSION_TTL_MS } from '../session.ts';
import { createSessionIndex } from '../session-index.ts';

export interface CopiesOptions {
  /** The store of this region. */
  readonly redis: RedisClient;
  readonly clock: () => Date;
  /** Milliseconds a session lives after its last access. @default 7 days */
  readonly ttlMs?: number;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
}

/**
 * Ends what this region knows of sessions that were revoked by name elsewhere: they are over there, or about to be, and users
 * should not find them among theirs here. Whoever ended them tells the global store and the applications.
 *
 * Ends all that it can, and rejects with SessionError `redis_unavailable` if that is not all. May be repeated.
 */
export type EndCopies = (revoked: readonly Pick<RevocationEntry, 'kind' | 'id'>[]) => Promise<void>;

export function createEndCopies({ redis, clock, ttlMs = SESSION_TTL_MS, prefix = 'sk' }: CopiesOptions): EndCopies {
  const keys = sessionKeys(prefix);
  const index = createSessionIndex({ redis, keys, ttlMs });

  async function end(id: string): Promise<void> {
    const userId = await redisCall(redis.get(keys.owner(id)));
    if (userId === null) return;
    const ofSession = [keys.ofUser(userId), keys.session(userId, id)];
    await index.forget(strings(await BURY.run(redis, ofSession, [clock().getTime(), ttlMs, id])));
  }

  return async (revoked) => {
    const ids = revoked.flatMap(({ kind, id }) => (kind === 'session' && isStoredId(id) ? id : []));
    const failed = (await Promise.allSettled(ids.map(end))).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  };
}
