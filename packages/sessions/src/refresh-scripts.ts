import { LuaScript } from './lua-script.ts';
import { CLOCK_FUNCTION, NOTE_FUNCTION } from './regions/script-functions.ts';
import { TOUCH_FUNCTION } from './scripts.ts';

/**
 * KEYS hash, outbox if any. ARGV now, secret, context, and `1` where other regions may begin one too: the higher epoch is
 * the later family. A hash that is gone is not brought back.
 */
export const BEGIN = new LuaScript(`${NOTE_FUNCTION}${CLOCK_FUNCTION}
local expires = redis.call('HGET', KEYS[1], 'expiresAt')
if not expires or tonumber(expires) <= clock(ARGV[1]) then return 0 end
redis.call('HDEL', KEYS[1], 'refreshReplayed')
redis.call('HSET', KEYS[1], 'refreshSecret', ARGV[2], 'refreshContext', ARGV[3],
  'refreshGeneration', 0, 'refreshRotatedAt', 0)
if ARGV[4] == '1' then redis.call('HINCRBY', KEYS[1], 'refreshEpoch', 1) end
note(KEYS[2], KEYS[1])
return 1`);

/**
 * KEYS hash, zset, outbox if any. ARGV now, secret, generation, grace, id, ttl, behind. Returns the result, the generation that is valid, and
 * the fields of the session.
 * A generation above the stored one is genuine all the same: a replica took over that lacked the last rotations.
 * A replay is noted and not forgotten: whoever finds it can be interrupted before the session is ended.
 */
export const ROTATE = new LuaScript(`${TOUCH_FUNCTION}
local now = clock(ARGV[1])
local touched = function()
  return touch(KEYS[2], KEYS[1], ARGV[5], now, tonumber(ARGV[6]), tonumber(ARGV[7]), KEYS[3])
end
local used, grace = tonumber(ARGV[3]), tonumber(ARGV[4])
local expires, secret, valid, rotatedAt, replayed = unpack(redis.call('HMGET', KEYS[1],
  'expiresAt', 'refreshSecret', 'refreshGeneration', 'refreshRotatedAt', 'refreshReplayed'))
if not expires or tonumber(expires) <= now or secret ~= ARGV[2] then return {'ended'} end
if replayed then return {'replayed'} end
if used >= tonumber(valid) then
  local successor = string.format('%.0f', used + 1)
  redis.call('HSET', KEYS[1], 'refreshGeneration', successor, 'refreshRotatedAt', string.format('%.0f', now))
  return {'rotated', successor, touched()}
end
if used == tonumber(valid) - 1 and now - tonumber(rotatedAt) <= grace then return {'repeated', valid, touched()} end
redis.call('HSET', KEYS[1], 'refreshReplayed', string.format('%.0f', now))
note(KEYS[3], KEYS[1])
return {'replayed'}`);
