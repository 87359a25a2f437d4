import { connectRedis } from '../connection.ts';
import { BLOCK_MS, type RevocationLog } from './log.ts';
import { createRedisLog } from './redis-log.ts';

export interface RevocationLogOptions {
  /** As `connectRedis` takes it. */
  readonly url: string;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
}

/** The revocations in Redis, read on a connection of their own, which the reader closes; how it fares the reader tells. */
export function openRevocationLog({ url, prefix = 'sk' }: RevocationLogOptions): RevocationLog {
  const redis = connectRedis({ url, onState: () => undefined, commandTimeoutMs: BLOCK_MS + 1_000 });
  return createRedisLog(redis, prefix);
}
