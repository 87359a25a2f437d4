import { LuaScript } from './lua-script.ts';
import { BURY_FUNCTION, CLOCK_FUNCTION, NOTE_FUNCTION } from './regions/script-functions.ts';

/**
 * Each script touches one user's slot only. Redis wants every key in KEYS; the hashes of sessions that a script finds
 * in the zset cannot be known before, but they carry the same hash tag, so they are in the slot of KEYS[1].
 *
 * Times are milliseconds, and come from the caller or, where "now" is empty, from Redis; `%.0f` because Lua would print large numbers as 1.7e+12.
 */

/**
 * KEYS zset, hash, outbox if any. ARGV id, now, ttl, limit, hash prefix, field, value ... Returns id and client of each session that has to go.
 * It only marks them, by a score below every time: whoever ends a session has to refuse it before. Those that another
 * one marked are returned too, in case it died on the way.
 */
export const CREATE = new LuaScript(`${NOTE_FUNCTION}
local id, now, ttl, limit, prefix = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, string.format('%.0f', now - ttl))
local leaving = redis.call('ZCOUNT', KEYS[1], '-inf', '(0')
local excess = redis.call('ZCARD', KEYS[1]) - leaving - (limit - 1)
if excess > 0 then
  for _, old in ipairs(redis.call('ZRANGE', KEYS[1], leaving, leaving + excess - 1)) do
    redis.call('ZADD', KEYS[1], -1, old)
  end
end
local evicted = {}
for _, old in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', '(0', 'BYSCORE')) do
  evicted[#evicted + 1] = {old, redis.call('HGET', prefix .. old, 'clientId') or ''}
end
redis.call('HSET', KEYS[2], unpack(ARGV, 6))
note(KEYS[3], KEYS[2])
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('ZADD', KEYS[1], now, id)
redis.call('PEXPIRE', KEYS[1], ttl)
return evicted`);

/**
 * A function of scripts that note an access: `touch(zset, hash, id, now, ttl, behind, outbox)` prolongs the session and returns
 * its fields, or none when it is over; of one that was ended, what is left of it. The time of access never moves back:
 * replicas' clocks differ.
 *
 * Nobody knows whether a session was ended elsewhere within the last "behind" ms, and for how long what ended it is
 * remembered there: so it lives no longer than if it had been used before that, or when it began.
 */
export const TOUCH_FUNCTION = `${NOTE_FUNCTION}${CLOCK_FUNCTION}
local function touch(zset, hash, id, now, ttl, behind, outbox)
  local times = redis.call('HMGET', hash, 'lastAccessedAt', 'expiresAt', 'endedAt', 'createdAt')
  if times[3] then return {'endedAt', times[3]} end
  if not times[1] or tonumber(times[2]) <= now then
    redis.call('DEL', hash)
    redis.call('ZREM', zset, id)
    return {}
  end
  local latest = math.max(now, tonumber(times[1]))
  local expires = latest + ttl
  if behind > 0 then
    local sure = math.max(now - behind, tonumber(times[4])) + ttl
    expires = math.min(expires, math.max(sure, tonumber(times[2])))
  end
  local access = string.format('%.0f', latest)
  redis.call('HSET', hash, 'lastAccessedAt', access, 'expiresAt', string.format('%.0f', expires))
  note(outbox, hash)
  redis.call('PEXPIRE', hash, string.format('%.0f', math.min(ttl, expires - now)))
  redis.call('ZADD', zset, access, id)
  redis.call('PEXPIRE', zset, ttl)
  return redis.call('HGETALL', hash)
end`;

/** KEYS zset, hash, outbox if any. ARGV id, now, ttl, behind. Returns what `touch` does. */
export const TOUCH = new LuaScript(`${TOUCH_FUNCTION}
return touch(KEYS[1], KEYS[2], ARGV[1], clock(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), KEYS[3])`);

/** KEYS hash. ARGV now. Notes when the index was written; a session that ended meanwhile stays ended. */
export const INDEXED = new LuaScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'indexedAt', ARGV[1]) end
return 0`);

/** KEYS zset, then the hash of each session. ARGV the ids, in the same order. Returns those of the sessions that there were. */
export const DESTROY = new LuaScript(`
local destroyed = {}
for i, id in ipairs(ARGV) do
  redis.call('ZREM', KEYS[1], id)
  if redis.call('DEL', KEYS[i + 1]) == 1 then destroyed[#destroyed + 1] = id end
end
return destroyed`);

/**
 * The same where other regions may know the sessions, and may be the only ones: of each is left that it ended.
 * KEYS zset, the hashes, outbox if any. ARGV now, life in ms, the ids.
 */
export const BURY = new LuaScript(`${NOTE_FUNCTION}${BURY_FUNCTION}${CLOCK_FUNCTION}
local outbox, now, destroyed = KEYS[#ARGV], string.format('%.0f', clock(ARGV[1])), {}
for i = 3, #ARGV do
  local id, hash = ARGV[i], KEYS[i - 1]
  local expires, ended = unpack(redis.call('HMGET', hash, 'expiresAt', 'endedAt'))
  if not ended then
    if expires then destroyed[#destroyed + 1] = id end
    bury(KEYS[1], hash, id, now, ARGV[2])
    note(outbox, hash)
  end
end
return destroyed`);

/** KEYS zset. ARGV hash prefix. Returns the fields of each session, the latest access first. */
export const LIST = new LuaScript(`
local sessions = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1, 'REV')) do
  local fields = redis.call('HGETALL', ARGV[1] .. id)
  if #fields == 0 then
    redis.call('ZREM', KEYS[1], id)
  else
    sessions[#sessions + 1] = fields
  end
end
return sessions`);
