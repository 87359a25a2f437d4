import { LuaScript, TIME_FUNCTION } from '../lua-script.ts';
import { QUEUE_FUNCTION } from './script-functions.ts';

/**
 * A function of scripts: whether a session could not be read because its slot moves to another node of a Cluster, and it went before
 * the outbox did. It lives, and the script has to fail; what is no hash is nobody's session.
 */
const IS_ELSEWHERE_FUNCTION = `
local function isElsewhere(reply)
  return type(reply) == 'table' and reply.err and not string.find(reply.err, 'WRONGTYPE', 1, true)
end
`;

/**
 * The next entries of one outbox, with the state of each session as it is now: first those that this consumer was given before
 * and has not acknowledged, and those that another one does not come back with, then new ones.
 *
 * KEYS outbox. ARGV consumer, count, how long in ms an entry may be with another consumer, what keys of the shard's users begin
 * with, the entry that failed last: what was given before up to it comes after everything else, so that what always fails is in
 * nobody's way; and 1 to remove consumers that hold nothing and were not there for ten times as long: each start of a process
 * makes one.
 * Returns how many entries wait, the age of the oldest in ms, and of each that is taken: its id, user, session, fields.
 */
export const TAKE = new LuaScript(`${IS_ELSEWHERE_FUNCTION}${TIME_FUNCTION}
local outbox, consumer, count, patience, users = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local failed, isSweeping = ARGV[5], ARGV[6] == '1'
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
      if isElsewhere(state) then return state end
      if not seen[id] then taken[#taken + 1] = {id, user, session, state.err and {} or state} end
      seen[id] = true
    else
      -- It was deleted, or says nothing.
      redis.call('XACK', outbox, 'sync', id)
      redis.call('XDEL', outbox, id)
    end
  end
end
local function claim(from, many)
  if many > 0 then redis.pcall('XAUTOCLAIM', outbox, 'sync', consumer, patience, from, 'COUNT', many, 'JUSTID') end
end
claim('(' .. failed, count)
local away = take(read(failed, count)) or take(read('>', count - #taken))
if not away and failed ~= '0' then
  -- From the beginning: what failed here may have gone to another one meanwhile, that does not come back with it either.
  claim('0', count - #taken)
  away = take(read('0', count - #taken))
end
if away then return away end

if isSweeping then
  for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', outbox, 'sync')) do
    local of = {}
    for i = 1, #info, 2 do of[info[i]] = info[i + 1] end
    if of.name ~= consumer and of.pending == 0 and of.idle > 10 * patience then
      redis.call('XGROUP', 'DELCONSUMER', outbox, 'sync', of.name)
    end
  end
end

local oldest = redis.call('XRANGE', outbox, '-', '+', 'COUNT', 1)[1]
if not oldest then return {0, 0, {}} end
local age = redisTime() - string.match(oldest[1], '^%d+')
return {waiting, math.max(age, 0), taken}`);

/** Far above what is sent before it is swept away. */
const MAX_SENT = 1_000_000;

/**
 * Gives entries back, for whoever comes first: this process may be the only one that cannot bring them where they go.
 * KEYS outbox. ARGV consumer, as how old in ms they count, ids.
 */
export const GIVE_BACK = new LuaScript(`
local ask = {'XCLAIM', KEYS[1], 'sync', ARGV[1], 0}
for i = 3, #ARGV do ask[#ask + 1] = ARGV[i] end
for _, option in ipairs({'IDLE', ARGV[2], 'JUSTID'}) do ask[#ask + 1] = option end
return #redis.call(unpack(ask))`);

/**
 * KEYS outbox, sent. ARGV what keys of the shard's users begin with, the history of the global store that was told, empty where it does
 * not say, then of each entry that is done with: its id, user, session, and `queued` as it was when it was taken, empty for none. A session
 * that changed since waits again. Returns how many do.
 */
export const ACKNOWLEDGE = new LuaScript(`${IS_ELSEWHERE_FUNCTION}
local outbox, again = KEYS[1], 0
for i = 3, #ARGV, 4 do
  local entry, user, session, seen = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local hash = ARGV[1] .. user .. ':session:' .. session
  local queued = redis.pcall('HGET', hash, 'queued')
  if isElsewhere(queued) then return queued end
  redis.call('XACK', outbox, 'sync', entry)
  -- Whoever comes second with an entry must not answer for the one that followed it.
  if redis.call('XDEL', outbox, entry) == 1 then
    if type(queued) == 'table' then
      -- It is no hash, so nobody's session.
    elseif queued == seen then
      redis.call('HDEL', hash, 'queued')
      if ARGV[2] ~= '' then
        redis.call('XADD', KEYS[2], 'MAXLEN', '~', ${MAX_SENT}, '*', 'user', user, 'session', session, 'history', ARGV[2])
      end
    elseif queued and seen ~= '' then
      redis.call('HSET', hash, 'queued', 1)
      redis.call('XADD', outbox, '*', 'user', user, 'session', session)
      again = again + 1
    end
  end
end
return again`);

/**
 * Of what was sent: whatever went to another history of the global store than the one that it has now waits again, since that one may lack
 * it. The rest is forgotten once every replica must have it.
 *
 * KEYS outbox, sent. ARGV what keys of the shard's users begin with, the history, after how many ms something is forgotten, how many
 * entries at most, and the entry to begin with. Returns how many sessions wait again, and the entry to go on with, if there may be one.
 */
export const RESEND = new LuaScript(`${QUEUE_FUNCTION}${TIME_FUNCTION}
local outbox, sent, users, history, count = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[4])
local oldest = redisTime() - ARGV[3]

local again, entries = 0, redis.call('XRANGE', sent, ARGV[5], '+', 'COUNT', count)
for _, entry in ipairs(entries) do
  local id, fields = entry[1], entry[2]
  local isLost = fields[6] ~= history
  if isLost then again = again + queue(outbox, users .. fields[2] .. ':session:' .. fields[4]) end
  if isLost or tonumber(string.match(id, '^%d+')) < oldest then redis.call('XDEL', sent, id) end
end
if #entries < count then return {again} end
return {again, '(' .. entries[count][1]}`);
