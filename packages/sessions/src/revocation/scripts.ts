import { HISTORY_FUNCTION } from '../history.ts';
import { LuaScript, TIME_FUNCTION } from '../lua-script.ts';
import { MARK_AHEAD_MS } from './regional/region-news.ts';

/** A reader that was away for longer loads the sets. */
export const STREAM_LIFE_MS = 10 * 60_000;

/**
 * What every script that adds entries begins with. KEYS[1] stream. ARGV[1] now, ARGV[2] life of a stream entry in ms.
 *
 * - The moment is the later one of Redis' clock and the caller's: a writer that is behind revokes nothing too little. One
 *   that is ahead by more than a minute is wrong, and would lock out whoever it revokes until then.
 * - An entry that is there already, and stays as long, is not added again: readers have it, or will load it.
 * - `after` names the entry before it, so that a reader notices what it was never sent.
 * - Redis refuses a script at its first write when it is full, and not later: the stream comes before the set, and
 *   nothing is written before either.
 * - Every write takes some entries with it that are over, more than it adds.
 */
const ADDING = `${TIME_FUNCTION}
local own = redisTime()
local now = math.max(own, math.min(tonumber(ARGV[1]), own + 60000))
local number = function(value) return string.format('%.0f', value) end

local last = '0-0'
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last = info[i + 1] end
end

local function put(set, member, ends)
  redis.call('ZADD', set, ends, member)
  local over = redis.call('ZRANGE', set, '-inf', number(now), 'BYSCORE', 'LIMIT', 0, 100)
  if #over > 0 then redis.call('ZREM', set, unpack(over)) end
  local longest = redis.call('ZRANGE', set, -1, -1, 'WITHSCORES')
  if longest[2] then redis.call('PEXPIREAT', set, number(longest[2])) end
end

local function add(set, kind, id, head, ends, from, age)
  if string.sub(head, 1, 3) == 'now' then head = number(math.floor(now / 1000)) .. string.sub(head, 4) end
  local member = id
  if head ~= '' then member = head .. ':' .. id end
  local held = redis.call('ZSCORE', set, member)
  if held and tonumber(held) >= tonumber(ends) then return end
  local fields = {'kind', kind, 'member', member, 'until', ends, 'after', last}
  if from ~= '' then
    for _, field in ipairs({'from', from, 'age', age}) do fields[#fields + 1] = field end
  end
  last = redis.call('XADD', KEYS[1], 'MINID', '~', number(now - ARGV[2]), '*', unpack(fields))
  put(set, member, ends)
end
`;

/**
 * Adds entries to their sets and to the stream, and notices of ended sessions to those that wait, all or none.
 *
 * KEYS stream, then the set of each entry's kind, then the two keys of notices where there are any.
 * ARGV now, life of a stream entry, number of entries, then of each entry: kind, id, head, until, life, from, age;
 * then where there are notices: how many may wait, life in ms, and of each the session and its text.
 * "head" is empty for none, its moment may be `now`; an empty "until" is now + life; "from" is empty for this region.
 * Returns how many notices found no room.
 */
export const REVOKE = new LuaScript(`${ADDING}
local entries = tonumber(ARGV[3])
for i = 2, entries + 1 do
  local at = 4 + (i - 2) * 7
  local ends = ARGV[at + 3]
  if ends == '' then ends = number(now + ARGV[at + 4]) end
  add(KEYS[i], ARGV[at], ARGV[at + 1], ARGV[at + 2], ends, ARGV[at + 5], ARGV[at + 6])
end

local at, lost = 4 + entries * 7, 0
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

/**
 * Answers an entry of another region, once however many processes do. The answer stays at least as long as what it answers, which
 * would be open again without it.
 * KEYS stream, set of the kind, what was answered. ARGV now, life of a stream entry, kind, id, head, until of what is answered, life, note.
 */
export const ANSWER = new LuaScript(`${ADDING}
if redis.call('ZSCORE', KEYS[3], ARGV[8]) then return 0 end
local ends = number(math.max(tonumber(ARGV[6]), now + ARGV[7]))
add(KEYS[2], ARGV[3], ARGV[4], ARGV[5], ends, '', '')
put(KEYS[3], ARGV[8], ends)
return 1`);

/**
 * Until when a region is wholly there, by Redis' clock. A moment to come was written by a clock that was set back. KEYS regions. ARGV
 * the history that this is known of: with another one nothing is noted; then fields, each with an age in ms.
 */
export const BEAT = new LuaScript(`${HISTORY_FUNCTION}${TIME_FUNCTION}
if ARGV[1] ~= history() then return 0 end
local now = redisTime()
for i = 2, #ARGV, 2 do
  local moment = now - ARGV[i + 1]
  local held = tonumber(redis.call('HGET', KEYS[1], ARGV[i]))
  if not (held and held <= now and held >= moment) then
    redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f', moment))
  end
end
return 1`);

/**
 * Until when everything that other regions revoked is in this store: by its clock, and by that of the process which knows. A store
 * that goes on with another history, or lost the position up to which it was read, may lack what this speaks of: then nothing is noted.
 * KEYS regions, stream. ARGV position, history, then of each region: field, age in ms, moment by the process' clock. Returns whether it is noted.
 */
export const NOTE = new LuaScript(`${HISTORY_FUNCTION}${TIME_FUNCTION}
if ARGV[2] ~= history() then return 0 end
local last = '0-0'
local info = redis.pcall('XINFO', 'STREAM', KEYS[2])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last = info[i + 1] end
end
if last ~= ARGV[1] and #redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1]) == 0 then return 0 end
local now = redisTime()
for i = 3, #ARGV, 3 do
  local moment = now - ARGV[i + 1]
  local held = tonumber(string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^%d+'))
  if not (held and held <= now and held >= moment) then
    redis.call('HSET', KEYS[1], ARGV[i], string.format('%.0f', moment) .. ' ' .. ARGV[i + 2])
  end
end
return 1`);

/**
 * What an administrator says of a region: the later of two counts. KEYS regions. ARGV field, state, at, and 1 where it is said just now: then it
 * is the later one, whatever the clocks say, but of one that nobody can have said yet. Returns when it was said.
 */
export const MARK = new LuaScript(`${TIME_FUNCTION}
local latest = redisTime() + ${MARK_AHEAD_MS}
local at, isNew = tonumber(ARGV[3]), ARGV[4] == '1'
if isNew then at = math.min(at, latest) end
local held = redis.call('HGET', KEYS[1], ARGV[1])
local state, since = string.match(held or '', '^(%l+) (%d+)$')
since = tonumber(since)
if since and since <= latest then
  if state == ARGV[2] and isNew or since >= at and not isNew then return since end
  at = math.max(at, since + 1)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', at))
return at`);
