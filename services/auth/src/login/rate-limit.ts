import { createHash } from 'node:crypto';
import { LuaScript, type RedisClient, redisCall } from '@sekisho/sessions';

export interface Rate {
  /** Attempts that may come at once. */
  readonly burst: number;
  /** Seconds after which one more attempt is allowed. */
  readonly refillSeconds: number;
}

/** Counts attempts by subject. Rejects with SessionError `redis_unavailable`: without a count nobody may try. */
export interface RateLimiter {
  /** @returns 0 when the attempt is allowed and counted, else the seconds until one is */
  take(subject: string): Promise<number>;
  /** Forgets the subject's attempts. */
  reset(subject: string): Promise<void>;
}

/**
 * GCRA, the leaky bucket as one number: the time at which the bucket will be full again. One key, one step, no window
 * at whose edge twice the rate passes. Redis' own clock, so that replicas agree.
 * KEYS bucket. ARGV burst, refill in ms. Returns the milliseconds to wait, 0 when allowed.
 */
const TAKE = new LuaScript(`
local burst, refill = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + refill
local wait = full - burst * refill - now
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', string.format('%.0f', full - now))
return 0`);

/** In Redis, so that limits hold over restarts and replicas. */
export function createRateLimiter(redis: RedisClient, name: string, rate: Rate): RateLimiter {
  // Hashed: of any length and any characters, and no list of e-mail addresses for who reads Redis.
  const key = (subject: string) => `${name}:${createHash('sha256').update(subject).digest('base64url')}`;
  return {
    async take(subject) {
      const wait = await TAKE.run(redis, [key(subject)], [rate.burst, rate.refillSeconds * 1000]);
      return Math.ceil(Number(wait) / 1000);
    },
    async reset(subject) {
      await redisCall(redis.del(key(subject)));
    },
  };
}
