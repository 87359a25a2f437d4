import type { RedisClient } from '../connection.ts';
import { SessionError } from '../errors.ts';
import { SHARDS, type Shard, sessionKeys } from '../keys.ts';
import { strings } from '../replies.ts';
import { type EndedSession, SESSION_TTL_MS, toMap } from '../session.ts';
import { createDelivery, type Delivered } from './delivery.ts';
import { ACKNOWLEDGE, TAKE } from './outbox-scripts.ts';
import { hasEnded, readReplica } from './replica.ts';

/** In this order for each entry; what is told before each is where a process may end. */
export const SYNC_STEPS = ['take', 'push', 'adopt', 'evict', 'acknowledge', 'done'] as const;
export type SyncStep = (typeof SYNC_STEPS)[number];

/**
 * - `sent`: the global store has it
 * - `ended`: it was ended elsewhere, and is now here as well
 * - `gone`: there is nothing to send any more: nobody used it for its life
 * - `damaged`: it cannot be read, here neither, and is not tried again
 * - `failed`: it waits, and is tried again
 */
export const PUSH_RESULTS = ['sent', 'ended', 'gone', 'damaged', 'failed'] as const;
export type PushResult = (typeof PUSH_RESULTS)[number];

export interface SyncTurnOptions {
  /** The store of this region. */
  readonly local: RedisClient;
  /** The one that all regions share. */
  readonly global: RedisClient;
  readonly clock: () => Date;
  /** Names this process among those that sync the same region: letters, digits, "_" and "-". */
  readonly consumer: string;
  /** Ends those of a user's sessions that are above the limit, with those of other regions counted. */
  readonly evict: (userId: string, sessions: readonly EndedSession[]) => Promise<void>;
  /** A user's sessions at once. @default 20 */
  readonly maxPerUser?: number;
  /** Milliseconds a session lives after its last access. @default 7 days */
  readonly ttlMs?: number;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
  readonly onPush?: (result: PushResult) => void;
  /** Called before each step; what it throws ends the turn there, as the end of the process would. */
  readonly before?: (step: SyncStep) => Promise<void> | void;
}

export interface TurnOptions {
  /** Entries of each shard at most. */
  readonly count: number;
  /** Milliseconds after which an entry is taken from a consumer that did not come back with it; undefined: not now. */
  readonly claimAfterMs?: number;
}

export interface Turn {
  /** Entries that waited when it began. */
  readonly waiting: number;
  /** Milliseconds the oldest of them had waited. */
  readonly lagMs: number;
  /** Whether more may wait than it took. */
  readonly hasMore: boolean;
  /** Why pushes failed, where any did: the global store is away, or refuses. */
  readonly failure: unknown;
}

interface Entry {
  readonly id: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly readAt: number;
}

/**
 * Takes what waits, brings it to the global store, acknowledges it. Any number of processes may do so at once, and each may
 * end anywhere: what it took and did not acknowledge is sent again by another one, which changes nothing.
 * @throws SessionError `redis_unavailable` when the store of this region is away
 */
export function createSyncTurn(options: SyncTurnOptions): (turn: TurnOptions) => Promise<Turn> {
  const { local, clock, consumer, prefix = 'sk', before = () => undefined } = options;
  const keys = sessionKeys(prefix);
  const push = createPush(options);

  async function take(shard: Shard, { count, claimAfterMs }: TurnOptions) {
    const args = [consumer, count, claimAfterMs ?? '', keys.users(shard)];
    const reply = await TAKE.run(local, [keys.outbox(shard)], args);
    const [waiting, lagMs, rows]: readonly unknown[] = Array.isArray(reply) ? reply : [];
    const readAt = clock().getTime();
    const entries = (Array.isArray(rows) ? rows : []).map((row) => toEntry(row, readAt));
    return { shard, waiting: Number(waiting), lagMs: Number(lagMs), entries };
  }

  async function acknowledge(shard: Shard, entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return;
    const done = entries.flatMap(({ id, userId, sessionId, fields }) => [
      ...[id, userId, sessionId],
      fields.get('queued') ?? '',
    ]);
    await before('acknowledge');
    await ACKNOWLEDGE.run(local, [keys.outbox(shard)], [keys.users(shard), ...done]);
    await before('done');
  }

  async function pushAll(shard: Shard, entries: readonly Entry[]): Promise<unknown> {
    const outcomes = await Promise.allSettled(entries.map(push));
    await acknowledge(
      shard,
      entries.filter((_, index) => outcomes[index]?.status === 'fulfilled'),
    );
    return outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
  }

  return async (turn) => {
    await before('take');
    const taken = await Promise.all(SHARDS.map((shard) => take(shard, turn)));
    const failures = await Promise.all(taken.map(({ shard, entries }) => pushAll(shard, entries)));
    return {
      waiting: taken.reduce((sum, { waiting }) => sum + waiting, 0),
      lagMs: Math.max(...taken.map(({ lagMs }) => lagMs)),
      hasMore: taken.some(({ entries }) => entries.length >= turn.count),
      failure: failures.find((failure) => failure !== undefined),
    };
  };
}

function createPush(options: SyncTurnOptions) {
  const { local, global, clock, evict, maxPerUser = 20, ttlMs = SESSION_TTL_MS, prefix = 'sk', onPush } = options;
  const { before = () => undefined } = options;
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
  return async (entry: Entry): Promise<void> => {
    try {
      const result = await pushed(entry);
      onPush?.(result);
    } catch (error) {
      const isDamaged = error instanceof SessionError && error.code === 'session_invalid';
      onPush?.(isDamaged ? 'damaged' : 'failed');
      if (!isDamaged) throw error;
    }
  };

  async function pushed(entry: Entry): Promise<PushResult> {
    const { userId, sessionId, readAt } = entry;
    const replica = readReplica(entry.fields);
    if (replica === undefined) return 'gone';
    await before('push');
    const delivered = await toGlobal({ userId, sessionId, replica, readAt });
    await settle(entry, hasEnded(replica), delivered);
    if (delivered.result === 'over') return 'gone';
    return delivered.result === 'ended' && !hasEnded(replica) ? 'ended' : 'sent';
  }
}

function toEntry(row: unknown, readAt: number): Entry {
  const [id, userId, sessionId, fields]: readonly unknown[] = Array.isArray(row) ? row : [];
  return {
    id: String(id),
    userId: String(userId),
    sessionId: String(sessionId),
    fields: toMap(strings(fields)),
    readAt,
  };
}
