import { LuaScript } from '../lua-script.ts';

/**
 * Adds entries to their sets and to the stream, and notices of ended sessions to those that wait, all or none.
 *
 * KEYS stream, then the set of each entry's kind, then the two keys of notices where there are any.
 * ARGV now, life of a stream entry in ms, number of entries, then of each entry: kind, id, issued before, until, life;
 * then where there are notices: how many may wait, life in ms, and of each the session and its text.
 * "issued before" is empty for none, or `now`; an empty "until" is now + life.
 * Returns how many notices found no room.
 *
 * - The moment is the later one of Redis' clock and the caller's: a writer that is behind revokes nothing too little. One
 *   that is ahead by more than a minute is wrong, and would lock out whoever it revokes until then.
 * - An entry that is there already, and stays as long, is not added again: readers have it, or will load it.
 * - `after` names the entry before it, so that a reader notices what it was never sent.
 * - Redis refuses a script at its first write when it is full, and not later: the stream comes before the set, and
 *   nothing is written before either.
 * - Every write takes some entries with it that are over, more than it adds.
 */
export const REVOKE = new LuaScript(`
local time = redis.call('TIME')
local own = time[1] * 1000 + math.floor(time[2] / 1000)
local now = math.max(own, math.min(tonumber(ARGV[1]), own + 60000))
local number = function(value) return string.format('%.0f', value) end

local last = '0-0'
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last = info[i + 1] end
end

local entries = tonumber(ARGV[3])
for i = 2, entries + 1 do
  local at = 4 + (i - 2) * 5
  local kind, id, before, ends, life = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  if before == 'now' then before = number(math.floor(now / 1000)) end
  if ends == '' then ends = number(now + life) end
  local member = id
  if before ~= '' then member = before .. ':' .. id end

  local held = redis.call('ZSCORE', KEYS[i], member)
  if not held or tonumber(held) < tonumber(ends) then
    last = redis.call('XADD', KEYS[1], 'MINID', '~', number(now - ARGV[2]), '*',
      'kind', kind, 'member', member, 'until', ends, 'after', last)
    redis.call('ZADD', KEYS[i], ends, member)
    local over = redis.call('ZRANGE', KEYS[i], '-inf', number(now), 'BYSCORE', 'LIMIT', 0, 100)
    if #over > 0 then redis.call('ZREM', KEYS[i], unpack(over)) end
    local longest = redis.call('ZRANGE', KEYS[i], -1, -1, 'WITHSCORES')
    if longest[2] then redis.call('PEXPIREAT', KEYS[i], number(longest[2])) end
  end
end

local at, lost = 4 + entries * 5, 0
if not ARGV[at] then return lost end
local due, waiting = KEYS[entries + 2], KEYS[entries + 3]
for i = at + 2, #ARGV, 2 do
  if redis.call('HEXISTS', waiting, ARGV[i]) == 0 then
    if redis.call('HLEN', waiting) >= tonumber(ARGV[at]) then
      lost = lost + 1
    else
      redis.call('HSET', waiting, ARGV[i], ARGV[i + 1])
      redis.call('ZADD', due, number(own), ARGV[i])
    end
  end
end
redis.call('PEXPIRE', due, ARGV[at + 1])
redis.call('PEXPIRE', waiting, ARGV[at + 1])
return lost`);
