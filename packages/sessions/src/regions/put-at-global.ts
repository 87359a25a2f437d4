import { sessionKeys } from '../keys.ts';
import { MAX_PER_USER } from '../open-store.ts';
import { SESSION_TTL_MS, toFields, toMap } from '../session.ts';
import type { SessionStoreOptions, StoreAt } from '../store.ts';
import { createDelivery } from './delivery.ts';
import { readReplica } from './replica.ts';

export interface PutAtGlobalOptions
  extends Pick<SessionStoreOptions, 'clock' | 'ttlMs' | 'maxPerUser' | 'prefix' | 'evict'> {
  /** The store that all regions share. */
  readonly global: SessionStoreOptions['redis'];
}

/**
 * A session that begins while the store of its region is away is brought where all share one as any other is: by how long ago
 * its times are. By the clock of a process that is ahead, it would look younger than what revokes its device.
 */
export function createPutAtGlobal(
  { global: redis, clock, ttlMs = SESSION_TTL_MS, maxPerUser = MAX_PER_USER, prefix = 'sk', evict }: PutAtGlobalOptions,
  { destroy }: Pick<StoreAt, 'destroy'>,
): StoreAt['put'] {
  const deliver = createDelivery({ redis, keys: sessionKeys(prefix), ttlMs, maxPerUser });
  const end = evict ?? (async (userId, ended) => void (await destroy(userId, ...ended.map(({ id }) => id))));
  return async (session) => {
    const { id, userId } = session;
    const replica = readReplica(toMap(toFields(session)));
    if (replica === undefined) throw new TypeError('a session that was just made has all its fields');
    const delivered = await deliver({ userId, sessionId: id, replica, readAt: clock().getTime() });
    if (delivered.result !== 'merged' || delivered.excess.length === 0) return;
    try {
      await end(userId, delivered.excess);
    } catch (error) {
      // Nobody learns of it: kept, every try to log in would add one.
      await destroy(userId, id).catch(() => undefined);
      throw error;
    }
  };
}
