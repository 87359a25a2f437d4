import { connectRedis, type RedisConnection } from '../connection.ts';

/**
 * A connection that works.
 * @param url of one server, whose databases may be the stores of a test, of Sentinels or of a Cluster
 * @param commandTimeoutMs longer than any machine stands still, unless it is tested what becomes of who gets no answer
 */
export async function connected(url: string, commandTimeoutMs = 60_000): Promise<RedisConnection> {
  const ready = Promise.withResolvers<void>();
  const redis = connectRedis({ url, commandTimeoutMs, onState: (state) => state === 'ready' && ready.resolve() });
  await ready.promise;
  return redis;
}
