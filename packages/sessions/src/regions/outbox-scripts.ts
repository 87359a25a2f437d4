import { LuaScript } from '../lua-script.ts';

/**
 * The next entries of one outbox, with the state of each session as it is now: first those that this consumer was given before
 * and has not acknowledged, then new ones.
 *
 * KEYS outbox. ARGV consumer, count, how long in ms an entry may be with another consumer that does not come back with it
 * (empty: they are not looked for), what keys of the shard's users begin with, and the entry that failed last: what was given
 * before up to it comes after everything else, so that what always fails is in nobody's way.
 * Returns how many entries wait, the age of the oldest in ms, and of each that is taken: its id, user, session, fields.
 *
 * What another consumer held comes with the next call. A consumer that holds nothing and was not there for ten times as long is
 * removed: each start of a process makes one.
 */
export const TAKE = new LuaScript(`
local outbox, consumer, count, patience, users = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local failed = ARGV[5]
local waiting = redis.call('XLEN', outbox)
if waiting == 0 then return {0, 0, {}} end

local function read(from, many)
  if many <= 0 then return {} end
  local ask = {'XREADGROUP', 'GROUP', 'sync', consumer, 'COUNT', many, 'STREAMS', outbox, from}
  local reply = redis.pcall(unpack(ask))
  if type(reply) == 'table' and reply.err then
    redis.pcall('XGROUP', 'CREATE', outbox, 'sync', '0')
    reply = redis.call(unpack(ask))
  end
  return reply and reply[1] and reply[1][2] or {}
end

local taken, seen = {}, {}
local function take(entries)
  for _, entry in ipairs(entries) do
    local id, fields = entry[1], entry[2]
    if fields and fields[4] then
      local user, session = fields[2], fields[4]
      local state = redis.pcall('HGETALL', users .. user .. ':session:' .. session)
      if not seen[id] then taken[#taken + 1] = {id, user, session, state.err and {} or state} end
      seen[id] = true
    else
      -- It was deleted, or says nothing.
      redis.call('XACK', outbox, 'sync', id)
      redis.call('XDEL', outbox, id)
    end
  end
end
take(read(failed, count))
take(read('>', count - #taken))
if failed ~= '0' then take(read('0', count - #taken)) end

if patience then
  redis.call('XAUTOCLAIM', outbox, 'sync', consumer, patience, '0-0', 'COUNT', count)
  for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', outbox, 'sync')) do
    local of = {}
    for i = 1, #info, 2 do of[info[i]] = info[i + 1] end
    if of.name ~= consumer and of.pending == 0 and of.idle > 10 * patience then
      redis.call('XGROUP', 'DELCONSUMER', outbox, 'sync', of.name)
    end
  end
end

local time = redis.call('TIME')
local oldest = redis.call('XRANGE', outbox, '-', '+', 'COUNT', 1)[1]
if not oldest then return {0, 0, {}} end
local age = time[1] * 1000 + math.floor(time[2] / 1000) - string.match(oldest[1], '^%d+')
return {waiting, math.max(age, 0), taken}`);

/**
 * KEYS outbox. ARGV what keys of the shard's users begin with, then of each entry that is done with: its id, user, session, and
 * `queued` as it was when it was taken, empty for none. A session that changed since waits again. Returns how many do.
 */
export const ACKNOWLEDGE = new LuaScript(`
local outbox, again = KEYS[1], 0
for i = 2, #ARGV, 4 do
  local entry, user, session, seen = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  redis.call('XACK', outbox, 'sync', entry)
  -- Whoever comes second with an entry must not answer for the one that followed it.
  if redis.call('XDEL', outbox, entry) == 1 then
    local hash = ARGV[1] .. user .. ':session:' .. session
    local queued = redis.pcall('HGET', hash, 'queued')
    if type(queued) == 'table' then
      -- It is no hash, so nobody's session.
    elseif queued == seen then
      redis.call('HDEL', hash, 'queued')
    elseif queued and seen ~= '' then
      redis.call('HSET', hash, 'queued', 1)
      redis.call('XADD', outbox, '*', 'user', user, 'session', session)
      again = again + 1
    end
  end
end
return again`);
