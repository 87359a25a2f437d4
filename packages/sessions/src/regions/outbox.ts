import type { RedisClient } from '../connection.ts';
import { type Shard, sessionKeys } from '../keys.ts';
import { items, strings } from '../replies.ts';
import { toMap } from '../session.ts';
import { ACKNOWLEDGE, GIVE_BACK, TAKE } from './outbox-scripts.ts';

export interface OutboxOptions {
  /** The store of this region. */
  readonly local: RedisClient;
  readonly clock: () => Date;
  /** Names this process among those that sync the same region: letters, digits, "_" and "-". */
  readonly consumer: string;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
}

export interface TakeOptions {
  /** Entries of each shard at most. */
  readonly count: number;
  /** Milliseconds after which an entry is taken from a consumer that did not come back with it. */
  readonly claimAfterMs: number;
  /** Whether consumers are removed that came back no more. @default not now */
  readonly isSweeping?: boolean;
}

/** A session that changed, as it was when it was taken. */
export interface Entry {
  readonly id: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly readAt: number;
}

export interface Taken {
  readonly shard: Shard;
  /** Entries that waited. */
  readonly waiting: number;
  /** Milliseconds the oldest of them had waited. */
  readonly lagMs: number;
  readonly entries: readonly Entry[];
}

/** What waits in a region's own store to be told to the others. All reject with SessionError `redis_unavailable`. */
export interface Outbox {
  /** First what this process was given and could not bring, but for what failed last: that comes after everything else. */
  take(shard: Shard, options: TakeOptions): Promise<Taken>;
  /** @param history of the global store, as it was found before anything was sent */
  acknowledge(shard: Shard, history: string, entries: readonly Entry[]): Promise<void>;
  /** Another process may bring them where this one cannot. */
  giveBack(shard: Shard, entries: readonly Entry[], claimAfterMs: number): Promise<void>;
}

export function createOutbox({ local, clock, consumer, prefix = 'sk' }: OutboxOptions): Outbox {
  const keys = sessionKeys(prefix);
  /** By shard, the last entry of the last turn that failed. */
  const failed = new Map<Shard, string>();
  return {
    async take(shard, { count, claimAfterMs, isSweeping }) {
      const last = failed.get(shard) ?? '0';
      const args = [consumer, count, claimAfterMs, keys.users(shard), last, isSweeping === true ? 1 : 0];
      const reply = await TAKE.run(local, [keys.outbox(shard)], args);
      const [waiting, lagMs, rows] = items(reply);
      const readAt = clock().getTime();
      const entries = items(rows).map((row) => toEntry(row, readAt));
      return { shard, waiting: Number(waiting), lagMs: Number(lagMs), entries };
    },
    async acknowledge(shard, history, entries) {
      const done = entries.flatMap(({ id, userId, sessionId, fields }) => [
        ...[id, userId, sessionId],
        fields.get('queued') ?? '',
      ]);
      await ACKNOWLEDGE.run(local, [keys.outbox(shard), keys.sent(shard)], [keys.users(shard), history, ...done]);
    },
    async giveBack(shard, entries, claimAfterMs) {
      failed.set(shard, entries.at(-1)?.id ?? '0');
      if (entries.length === 0) return;
      await GIVE_BACK.run(local, [keys.outbox(shard)], [consumer, claimAfterMs, ...entries.map(({ id }) => id)]);
    },
  };
}

function toEntry(row: unknown, readAt: number): Entry {
  const [id, userId, sessionId, fields] = items(row);
  return {
    id: String(id),
    userId: String(userId),
    sessionId: String(sessionId),
    fields: toMap(strings(fields)),
    readAt,
  };
}
