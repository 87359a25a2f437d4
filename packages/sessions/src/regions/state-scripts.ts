import { LuaScript, TIME_FUNCTION } from '../lua-script.ts';

/** KEYS hash. Returns the time in ms by the clock of Redis, and the fields. */
export const STATE = new LuaScript(`${TIME_FUNCTION}
return {redisTime(), redis.call('HGETALL', KEYS[1])}`);

/**
 * KEYS zset. ARGV hash prefix, then ids that are asked for as well. Returns the time in ms by the clock of Redis, and id and
 * fields of each session of the user, and of each that is asked for.
 */
export const STATES = new LuaScript(`${TIME_FUNCTION}
local ids, seen, states = redis.call('ZRANGE', KEYS[1], 0, -1), {}, {}
for i = 2, #ARGV do ids[#ids + 1] = ARGV[i] end
for _, id in ipairs(ids) do
  if not seen[id] then
    seen[id] = true
    states[#states + 1] = {id, redis.call('HGETALL', ARGV[1] .. id)}
  end
end
return {redisTime(), states}`);
