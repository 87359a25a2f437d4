import type { RedisClient } from '../connection.ts';
import { isSessionInvalid } from '../errors.ts';
import { sessionKeys } from '../keys.ts';
import { MAX_PER_USER } from '../open-store.ts';
import { type EndedSession, SESSION_TTL_MS } from '../session.ts';
import { createDelivery, type Delivered } from './delivery.ts';
import type { Entry } from './outbox.ts';
import { hasEnded, readReplica } from './replica.ts';

/** In this order for each entry. */
export const PUSH_STEPS = ['push', 'adopt', 'evict'] as const;

/**
 * - `sent`: the global store has it
 * - `ended`: it was ended elsewhere, and is now here as well
 * - `gone`: there is nothing to send any more: nobody used it for its life
 * - `damaged`: it cannot be read, here neither, and is not tried again
 * - `failed`: it waits, and is tried again
 */
export const PUSH_RESULTS = ['sent', 'ended', 'gone', 'damaged', 'failed'] as const;
export type PushResult = (typeof PUSH_RESULTS)[number];

export interface PushOptions {
  /** The store of this region. */
  readonly local: RedisClient;
  /** The one that all regions share. */
  readonly global: RedisClient;
  readonly clock: () => Date;
  /** Ends those of a user's sessions that are above the limit, with those of other regions counted. */
  readonly evict: (userId: string, sessions: readonly EndedSession[]) => Promise<void>;
  /** A user's sessions at once. @default 20 */
  readonly maxPerUser?: number;
  /** Milliseconds a session lives after its last access. @default 7 days */
  readonly ttlMs?: number;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
  readonly onPush?: (result: PushResult) => void;
  /** Called before each step; what it throws fails the entry there. */
  readonly before?: (step: (typeof PUSH_STEPS)[number]) => Promise<void> | void;
}

/** Brings one session to the global store, and back what that knows better: that it ended, or that it is one too many. */
export type Push = (entry: Entry) => Promise<void>;

export function createPush(options: PushOptions): Push {
  const { onPush } = options;
  const bring = createBringing(options);
  return async (entry) => {
    try {
      const result = await bring(entry);
      onPush?.(result);
    } catch (error) {
      const isDamaged = isSessionInvalid(error);
      onPush?.(isDamaged ? 'damaged' : 'failed');
      if (!isDamaged) throw error;
    }
  };
}

function createBringing(options: PushOptions): (entry: Entry) => Promise<PushResult> {
  const { local, global, clock, evict, before = () => undefined } = options;
  const { maxPerUser = MAX_PER_USER, ttlMs = SESSION_TTL_MS, prefix = 'sk' } = options;
  const keys = sessionKeys(prefix);
  const toGlobal = createDelivery({ redis: global, keys, ttlMs, maxPerUser });
  const toLocal = createDelivery({ redis: local, keys, ttlMs, now: () => clock().getTime() });

  async function settle({ userId, sessionId, readAt }: Entry, hadEnded: boolean, delivered: Delivered) {
    if (delivered.result === 'ended' && !hadEnded) {
      await before('adopt');
      await toLocal({ userId, sessionId, replica: { endedAt: readAt }, readAt });
    }
    if (delivered.result === 'merged' && delivered.excess.length > 0) {
      await before('evict');
      await evict(userId, delivered.excess);
    }
  }

  return async (entry) => {
    const { userId, sessionId, readAt } = entry;
    const replica = readReplica(entry.fields);
    if (replica === undefined) return 'gone';
    await before('push');
    const delivered = await toGlobal({ userId, sessionId, replica, readAt });
    await settle(entry, hasEnded(replica), delivered);
    if (delivered.result === 'over') return 'gone';
    return delivered.result === 'ended' && !hasEnded(replica) ? 'ended' : 'sent';
  };
}
