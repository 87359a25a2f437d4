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
  /** Whether every shard could be looked at. */
  readonly isWhole: boolean;
  /** Why nothing could be done of what was tried: a store is away, or refuses. What fails beside others that do not is tried again. */
  readonly failure: unknown;
}

interface Taken {
  readonly shard: Shard;
  readonly waiting: number;
  readonly lagMs: number;
  readonly entries: readonly Entry[];
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
  /** By shard, the last entry of the last turn that failed. */
  const failed = new Map<Shard, string>();

  async function take(shard: Shard, { count, claimAfterMs }: TurnOptions): Promise<Taken> {
    const args = [consumer, count, claimAfterMs ?? '', keys.users(shard), failed.get(shard) ?? '0'];
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

  async function pushAll({ shard, entries }: Taken): Promise<Pushed> {
    const outcomes = await Promise.allSettled(entries.map(push));
    const isDone = (_: Entry, index: number) => outcomes[index]?.status === 'fulfilled';
    const done = entries.filter(isDone);
    await acknowledge(shard, done);
    failed.set(shard, entries.findLast((entry, index) => !isDone(entry, index))?.id ?? '0');
    return { sent: done.length, failures: reasonsOf(outcomes) };
  }

  return async (turn) => {
    await before('take');
    // Shards may lie on different nodes: one that is away holds up no other.
    const answers = await Promise.allSettled(SHARDS.map((shard) => take(shard, turn)));
    const taken = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const untaken = reasonsOf(answers);
    if (taken.length === 0) throw untaken[0];
    const pushed = await Promise.all(taken.map(pushAll));
    const isWorking = pushed.some(({ sent }) => sent > 0);
    return {
      waiting: taken.reduce((sum, { waiting }) => sum + waiting, 0),
      lagMs: Math.max(...taken.map(({ lagMs }) => lagMs)),
      hasMore: taken.some(({ entries }) => entries.length >= turn.count),
      isWhole: untaken.length === 0,
      failure: isWorking ? undefined : [...pushed.flatMap(({ failures }) => failures), ...untaken][0],
    };
  };
}

interface Pushed {
  readonly sent: number;
  readonly failures: readonly unknown[];
}

function reasonsOf(outcomes: readonly PromiseSettledResult<unknown>[]): readonly unknown[] {
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
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
