import { LuaScript } from '../lua-script.ts';
import { BURY_FUNCTION, CLOCK_FUNCTION } from './script-functions.ts';

/**
 * `mergeReplicas` as one step in a store: what is sent there with what is known there. Nothing is noted in an outbox, because
 * who sends it knows it.
 *
 * KEYS zset, hash. ARGV id, now, life in ms, limit, "indexed", slack of the index in ms, then the fields that are sent: field,
 * value ... with every time as minus its age. An empty "now" is the clock of Redis; limit 0 is none.
 *
 * Returns one of
 * - `ended`, and 1 where a session was ended by this
 * - `over`: nobody used it for its life; nothing is written
 * - `unindexed`: it is not known, and "indexed" is empty: nothing is written, since the index has to be first
 * - `merged`, by which clock, 1 when the index is due, then id and client of each session above the limit, the one that was
 *   used least recently first
 */
export const MERGE = new LuaScript(`${BURY_FUNCTION}${CLOCK_FUNCTION}
local zset, hash = KEYS[1], KEYS[2]
local id, now, life, limit = ARGV[1], clock(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local text = function(value) return string.format('%.0f', value) end

local sent, held = {}, {}
for i = 7, #ARGV, 2 do sent[ARGV[i]] = ARGV[i + 1] end
local flat = redis.call('HGETALL', hash)
for i = 1, #flat, 2 do held[flat[i]] = flat[i + 1] end

-- The better of a time that is held and one that is sent, of those that there are.
local function time(better, name)
  local mine, theirs = tonumber(held[name]), tonumber(sent[name])
  if theirs then theirs = now + theirs end
  if mine and theirs then return text(better(mine, theirs)) end
  return (mine or theirs) and text(mine or theirs)
end

local ended = time(math.min, 'endedAt')
if ended then
  if held.endedAt then redis.call('HSET', hash, 'endedAt', ended) else bury(zset, hash, id, ended, life) end
  return {'ended', held.expiresAt and 1 or 0}
end

local expires = time(math.max, 'expiresAt')
if tonumber(expires) <= now then return {'over'} end
if not held.expiresAt and ARGV[5] == '' then return {'unindexed'} end

-- By bytes, which the operators of Lua are not: a server compares text as its own language does.
local function isGreater(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x > y end
  end
  return #a > #b
end

local function isNewer()
  if not held.refreshSecret then return true end
  local mine, theirs = tonumber(held.refreshEpoch or 0), tonumber(sent.refreshEpoch or 0)
  if mine ~= theirs then return theirs > mine end
  return isGreater(sent.refreshSecret, held.refreshSecret)
end

local function isSame()
  return sent.refreshSecret == held.refreshSecret
    and tonumber(sent.refreshEpoch or 0) == tonumber(held.refreshEpoch or 0)
end

local changes = {
  createdAt = time(math.min, 'createdAt'),
  lastAccessedAt = time(math.max, 'lastAccessedAt'),
  expiresAt = expires,
}
if not held.expiresAt then
  changes.indexedAt = text(now)
  for name, value in pairs(sent) do
    if not changes[name] and string.sub(name, 1, 7) ~= 'refresh' then changes[name] = value end
  end
end
if sent.refreshSecret then
  local rotated = sent.refreshRotatedAt and text(now + sent.refreshRotatedAt) or '0'
  if isNewer() then
    redis.call('HDEL', hash, 'refreshReplayed')
    for _, name in ipairs({'Epoch', 'Secret', 'Context', 'Generation'}) do
      changes['refresh' .. name] = sent['refresh' .. name]
    end
    changes.refreshRotatedAt = rotated
    changes.refreshReplayed = sent.refreshReplayed and text(now + sent.refreshReplayed)
  elseif isSame() then
    local mine, theirs = tonumber(held.refreshGeneration), tonumber(sent.refreshGeneration)
    if theirs > mine or theirs == mine and tonumber(rotated) < tonumber(held.refreshRotatedAt) then
      changes.refreshGeneration, changes.refreshRotatedAt = sent.refreshGeneration, rotated
    end
    changes.refreshReplayed = time(math.min, 'refreshReplayed')
  end
end

local write = {}
for name, value in pairs(changes) do
  write[#write + 1] = name
  write[#write + 1] = value
end
redis.call('HSET', hash, unpack(write))
redis.call('PEXPIRE', hash, text(expires - now))
redis.call('ZADD', zset, changes.lastAccessedAt, id)
redis.call('PEXPIRE', zset, life)

local answer = {'merged', text(now), tonumber(held.indexedAt or now) + tonumber(ARGV[6]) <= now and 1 or 0}
if limit == 0 then return answer end
redis.call('ZREMRANGEBYSCORE', zset, 0, text(now - life))
local excess = redis.call('ZCARD', zset) - limit
if excess <= 0 then return answer end
local prefix = string.sub(hash, 1, #hash - #id)
for _, other in ipairs(redis.call('ZRANGE', zset, 0, excess - 1)) do
  answer[#answer + 1] = {other, redis.call('HGET', prefix .. other, 'clientId') or ''}
end
return answer`);
