/**
 * A function of scripts: `history()` names the history of writes that this server goes on with, empty where the server does not say. It
 * begins another one when it takes over from a primary, of which it may not have had the last writes, and when it restarts, which may
 * have lost the last second.
 */
export const HISTORY_FUNCTION = `
local function history()
  local info = redis.pcall('INFO', 'replication')
  return type(info) == 'string' and string.match(info, 'master_replid:(%x%x%x%x%x%x%x%x%x%x%x%x)') or ''
end
`;
