import type { RedisClient } from '../connection.ts';
import { items, strings } from '../replies.ts';
import { type LogoutNotice, noticeKeys, toNotice, toText } from './notice.ts';
import { FORGET, POSTPONE, TAKE } from './scripts.ts';

export interface LogoutNoticesOptions {
  readonly redis: RedisClient;
  /** Milliseconds for which nobody else gets what one took: longer than it takes to tell, or some are told twice. @default 60_000 */
  readonly leaseMs?: number;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
}

export interface Taken {
  readonly notices: readonly LogoutNotice[];
  /** How many wait in all, these among them. */
  readonly waiting: number;
}

/**
 * Notices of ended sessions, which a revoker keeps and any number of processes tell. Who takes one and dies has it taken
 * by another one later, so each is told at least once. Every method rejects with SessionError `redis_unavailable`.
 */
export interface LogoutNotices {
  /** Those that are due, the first of them first. */
  take(limit: number): Promise<Taken>;
  /** For one that is told, or need not be told any more. */
  forget(notice: LogoutNotice): Promise<void>;
  /** Keeps it as it is given, to be taken again in so many milliseconds; one that was forgotten meanwhile stays so. */
  postpone(notice: LogoutNotice, afterMs: number): Promise<void>;
}

export function createLogoutNotices({ redis, leaseMs = 60_000, prefix = 'sk' }: LogoutNoticesOptions): LogoutNotices {
  const { due, waiting } = noticeKeys(prefix);
  const keys = [due, waiting];
  return {
    async take(limit) {
      const reply = await TAKE.run(redis, keys, [limit, leaseMs]);
      const [count, rows] = items(reply);
      const flat = strings(rows);
      const ids = flat.filter((_, index) => index % 2 === 0);
      const notices = ids.map((id, index) => toNotice(id, flat[2 * index + 1] ?? ''));
      return { waiting: Number(count), notices: notices.filter((notice) => notice !== undefined) };
    },
    forget: async ({ sessionId }) => void (await FORGET.run(redis, keys, [sessionId])),
    postpone: async (notice, afterMs) =>
      void (await POSTPONE.run(redis, keys, [notice.sessionId, toText(notice), Math.ceil(afterMs)])),
  };
}
