import type { RedisClient } from '../connection.ts';
import { SessionError } from '../errors.ts';
import { isStoredId, type SessionKeys } from '../keys.ts';
import { items, strings, toEnded } from '../replies.ts';
import { INDEXED } from '../scripts.ts';
import type { EndedSession } from '../session.ts';
import { createSessionIndex } from '../session-index.ts';
import { MERGE } from './merge-script.ts';
import { moveReplica, type Replica, writeReplica } from './replica.ts';

export interface DeliveryOptions {
  /** Where to. */
  readonly redis: RedisClient;
  readonly keys: SessionKeys;
  /** Milliseconds a session lives after its last access. */
  readonly ttlMs: number;
  /** A user's sessions at once. @default no limit */
  readonly maxPerUser?: number;
  /** Milliseconds by the clock of who writes there. @default the clock of Redis, as more than one region writes there */
  readonly now?: () => number;
}

export interface Parcel {
  readonly userId: string;
  readonly sessionId: string;
  readonly replica: Replica;
  /** Milliseconds by the clock that the replica's times are of, when it was read. */
  readonly readAt: number;
}

export type Delivered =
  /** `excess`: those that are above the limit now. */
  | { readonly result: 'merged'; readonly excess: readonly EndedSession[] }
  /** It is ended there, by this or before. */
  | { readonly result: 'ended' }
  | { readonly result: 'over' };

/** Brings what one store knows of a session to another one. Rejects with SessionError `redis_unavailable`. */
export type Deliver = (parcel: Parcel) => Promise<Delivered>;

export function createDelivery({ redis, keys, ttlMs, maxPerUser = 0, now }: DeliveryOptions): Deliver {
  const index = createSessionIndex({ redis, keys, ttlMs });

  async function merge({ userId, sessionId, replica, readAt }: Parcel, indexed: '' | '1') {
    const fields = writeReplica(moveReplica(replica, readAt, 0));
    const args = [sessionId, now?.() ?? '', ttlMs, maxPerUser, indexed, index.slackMs, ...fields];
    const reply = await MERGE.run(redis, [keys.ofUser(userId), keys.session(userId, sessionId)], args);
    const [result, ...rest] = items(reply);
    return { result, rest };
  }

  return async (parcel) => {
    const { userId, sessionId: id } = parcel;
    let { result, rest } = await merge(parcel, '');
    if (result === 'unindexed') {
      // First, so that a session that lives can be found by its id.
      await index.write({ id, userId });
      ({ result, rest } = await merge(parcel, '1'));
    }
    switch (result) {
      case 'merged': {
        const [at, isDue, ...excess] = rest;
        if (isDue === 1) {
          await index.write({ id, userId });
          await INDEXED.run(redis, [keys.session(userId, id)], [Number(at)]);
        }
        // Nobody can end what is no session.
        const ended = excess.map(strings).map(toEnded(userId));
        return { result, excess: ended.filter((session) => isStoredId(session.id)) };
      }
      case 'ended':
        if (rest[0] === 1) await index.forget([id]);
        return { result };
      case 'over':
        return { result };
      default:
        throw new SessionError('session_invalid', 'a session could not be merged');
    }
  };
}
