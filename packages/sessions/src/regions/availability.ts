import type { RedisClient } from '../connection.ts';
import { SessionError, whileRedisUnavailable } from '../errors.ts';
import { redisCall } from '../redis-call.ts';
import type { WithoutLocal } from './region.ts';

/** Asks the store of this region; when that is away, the one that all share, if it may. */
export type LocalFirst = <T>(local: () => Promise<T>, global: () => Promise<T>) => Promise<T>;

export function createLocalFirst(withoutLocal: WithoutLocal = 'global'): LocalFirst {
  if (withoutLocal === 'refuse') return async (local) => local();
  return async (local, global) => local().catch(whileRedisUnavailable(global));
}

/**
 * What the global store says while that of this region is away.
 * @throws SessionError `redis_unavailable` for nothing: what was not pushed yet is known only where nobody can ask now
 */
export function known<T>(found: T | undefined): T {
  if (found !== undefined) return found;
  throw new SessionError('redis_unavailable', 'only the store of this region, which is away, may know the session');
}

const FRESH_MS = 1_000;

export interface PresenceOptions {
  readonly redis: RedisClient;
  readonly clock: () => Date;
  readonly prefix: string;
}

/**
 * Whether the store that all regions share is there: asked at most once a second, whatever number of requests wants to know.
 * @returns what rejects with SessionError `redis_unavailable` while it is not
 */
export function createPresence({ redis, clock, prefix }: PresenceOptions): () => Promise<void> {
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const ask = async () => {
    const at = clock().getTime();
    await redisCall(redis.get(`${prefix}:presence`));
    askedAt = at;
  };
  return async () => {
    const age = clock().getTime() - askedAt;
    // A clock that was set back must not make an old answer a fresh one.
    if (age >= 0 && age < FRESH_MS) return;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    await asking;
  };
}
