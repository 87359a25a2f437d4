import { connectRedis, type RedisConnection } from '@sekisho/sessions/redis';

/** A connection that works already. Its commands may wait for longer than a request may. */
export async function openRedis(url: string): Promise<RedisConnection> {
  const ready = Promise.withResolvers<void>();
  const redis = connectRedis({
    url,
    commandTimeoutMs: 60_000,
    onState: (state, cause) => (state === 'ready' ? ready.resolve() : ready.reject(cause)),
  });
  await ready.promise;
  return redis;
}
