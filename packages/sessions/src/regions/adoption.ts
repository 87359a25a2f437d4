import type { RedisClient } from '../connection.ts';
import { sessionKeys } from '../keys.ts';
import { redisCall } from '../redis-call.ts';
import { items, strings } from '../replies.ts';
import { SESSION_TTL_MS, toMap } from '../session.ts';
import { createDelivery, type Parcel } from './delivery.ts';
import { hasEnded, readReplica, readReplicaOf } from './replica.ts';
import { STATE } from './state-scripts.ts';

export interface AdoptionOptions {
  /** The store of this region. */
  readonly redis: RedisClient;
  /** The one that all regions share. */
  readonly global: RedisClient;
  readonly clock: () => Date;
  readonly ttlMs?: number;
  readonly prefix?: string;
}

/** Brings what the global store knows of a session into this region. Each rejects with SessionError `redis_unavailable`. */
export interface Adoption {
  /** Asks the global store. @returns undefined for a session that it does not know */
  fetch(userId: string, sessionId: string): Promise<Parcel | undefined>;
  /** Merges it with what is known here. */
  take(parcel: Parcel): Promise<void>;
  /** Whether it is known here that a session was ended: of every other one there may be more than is known here. */
  isEnded(userId: string, sessionId: string): Promise<boolean>;
}

export function createAdoption(options: AdoptionOptions): Adoption {
  const { redis, global, clock, ttlMs = SESSION_TTL_MS, prefix = 'sk' } = options;
  const keys = sessionKeys(prefix);
  // Only this region's processes write to its store, so their clock is the one that its times are of.
  const deliver = createDelivery({ redis, keys, ttlMs, now: () => clock().getTime() });
  return {
    async fetch(userId, sessionId) {
      const reply = await STATE.run(global, [keys.session(userId, sessionId)], []);
      const [readAt, fields] = items(reply);
      const replica = readReplicaOf({ userId, sessionId }, toMap(strings(fields)));
      return replica && { userId, sessionId, replica, readAt: Number(readAt) };
    },
    take: async (parcel) => void (await deliver(parcel)),
    async isEnded(userId, sessionId) {
      const fields = await redisCall(redis.hgetall(keys.session(userId, sessionId)));
      const replica = readReplica(new Map(Object.entries(fields)));
      return replica !== undefined && hasEnded(replica);
    },
  };
}
