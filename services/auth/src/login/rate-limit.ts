import { LuaScript, type RedisClient, TIME_FUNCTION } from '@sekisho/sessions/redis';

export interface Rate {
  /** Attempts that may come at once. */
  readonly burst: number;
  /** Seconds after which one more attempt is allowed. */
  readonly refillSeconds: number;
}

/** Attempts that are counted together, in Redis: the count holds over restarts and replicas. */
export interface Bucket {
  readonly key: string;
  readonly rate: Rate;
}

/** Redis' own clock, so that replicas agree. */
const NOW = `${TIME_FUNCTION}
local now = redisTime()`;

/**
 * GCRA, the leaky bucket as one number: the time at which the bucket will be full again. One key, one step, no window
 * at whose edge twice the rate passes; a key lives as long as it matters.
 * KEYS buckets. ARGV burst, refill in ms, of each. Returns the milliseconds to wait, 0 when every bucket allows it.
 */
const TAKE = new LuaScript(`${NOW}
local full, wait = {}, 0
for i, key in ipairs(KEYS) do
  local burst, refill = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  full[i] = math.max(tonumber(redis.call('GET', key) or now), now) + refill
  wait = math.max(wait, full[i] - burst * refill - now)
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', full[i]), 'PX', string.format('%.0f', full[i] - now))
end
return 0`);

/** KEYS bucket to empty, bucket that gets one attempt back. ARGV refill of the second in ms. */
const GIVE_BACK = new LuaScript(`${NOW}
redis.call('DEL', KEYS[1])
local left = tonumber(redis.call('GET', KEYS[2]) or now) - tonumber(ARGV[1]) - now
if left > 0 then
  redis.call('SET', KEYS[2], string.format('%.0f', now + left), 'PX', string.format('%.0f', left))
else
  redis.call('DEL', KEYS[2])
end
return 0`);

/**
 * Counts an attempt in every bucket, or in none when one refuses it.
 * @param buckets in one cluster slot
 * @returns 0 when the attempt is allowed, else the seconds until one is
 * @throws SessionError `redis_unavailable`: without a count nobody may try
 */
export async function take(redis: RedisClient, ...buckets: readonly Bucket[]): Promise<number> {
  const rates = buckets.flatMap(({ rate }) => [rate.burst, rate.refillSeconds * 1000]);
  const wait = await TAKE.run(
    redis,
    buckets.map(({ key }) => key),
    rates,
  );
  return Math.ceil(Number(wait) / 1000);
}

/**
 * Forgets every attempt that one bucket counted, and one attempt of the other.
 * @throws SessionError `redis_unavailable`
 */
export async function giveBack(redis: RedisClient, { all, one }: { all: Bucket; one: Bucket }): Promise<void> {
  await GIVE_BACK.run(redis, [all.key, one.key], [one.rate.refillSeconds * 1000]);
}
