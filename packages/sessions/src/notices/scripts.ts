import { LuaScript, TIME_FUNCTION } from '../lua-script.ts';

/** By the clock of Redis alone: those of its callers differ. */
const NOW = `${TIME_FUNCTION}
local now = redisTime()
local number = function(value) return string.format('%.0f', value) end
`;

/** KEYS due, waiting. ARGV limit, lease. Returns how many wait, and session and text of each that is due. */
export const TAKE = new LuaScript(`${NOW}
local taken = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', number(now), 'BYSCORE', 'LIMIT', 0, ARGV[1])) do
  local text = redis.call('HGET', KEYS[2], id)
  if text then
    redis.call('ZADD', KEYS[1], number(now + ARGV[2]), id)
    taken[#taken + 1] = id
    taken[#taken + 1] = text
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return {redis.call('HLEN', KEYS[2]), taken}`);

/** KEYS due, waiting. ARGV session. */
export const FORGET = new LuaScript(`
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('HDEL', KEYS[2], ARGV[1])`);

/** KEYS due, waiting. ARGV session, text, milliseconds. */
export const POSTPONE = new LuaScript(`${NOW}
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[1], number(now + ARGV[3]), ARGV[1])
return 1`);
