import { TIME_FUNCTION } from '../lua-script.ts';

/**
 * A function of scripts that change a session: `note(outbox, hash)` says in the outbox of the user's shard that other
 * regions are to be told of it. Without an outbox nobody is.
 *
 * An entry says which session, not what of it: it is read when it is sent. `queued` counts the changes since there is an
 * entry, so a session waits once however often it changes, and who sends it sees whether it changed meanwhile.
 */
export const NOTE_FUNCTION = `
local function note(outbox, hash)
  if not outbox or redis.call('HINCRBY', hash, 'queued', 1) > 1 then return end
  local user, id = string.match(hash, 'user:([%w_-]+):session:([%w_-]+)$')
  redis.call('XADD', outbox, '*', 'user', user, 'session', id)
end
`;

/**
 * A function of scripts that tell again: `queue(outbox, hash)` lets a session wait that does not yet, changed or not. Returns 1 if it
 * waits since, 0 if it did, or is nobody's.
 */
export const QUEUE_FUNCTION = `
local function queue(outbox, hash)
  local user, id = string.match(hash, 'user:([%w_-]+):session:([%w_-]+)$')
  if not user or redis.call('TYPE', hash).ok ~= 'hash' or redis.call('HEXISTS', hash, 'queued') == 1 then return 0 end
  redis.call('HSET', hash, 'queued', 1)
  redis.call('XADD', outbox, '*', 'user', user, 'session', id)
  return 1
end
`;

/**
 * A function of scripts that end a session: `bury(zset, hash, id, at, life)` leaves of it when it ended, for as long as a copy
 * of it elsewhere could live, so that none brings it back.
 */
export const BURY_FUNCTION = `
local function bury(zset, hash, id, at, life)
  local queued = redis.call('HGET', hash, 'queued')
  redis.call('ZREM', zset, id)
  redis.call('DEL', hash)
  redis.call('HSET', hash, 'endedAt', at)
  if queued then redis.call('HSET', hash, 'queued', queued) end
  redis.call('PEXPIRE', hash, life)
end
`;

/**
 * A function of scripts that are told what time it is, or not: `clock(now)`. In a region's own store its processes say so, who alone
 * write there; in the one that all share its own clock counts, as nobody's who writes there need be right.
 */
export const CLOCK_FUNCTION = `${TIME_FUNCTION}
local function clock(now)
  if now ~= '' then return tonumber(now) end
  return redisTime()
end
`;
