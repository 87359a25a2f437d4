import { type RedisClient, scanKeys } from '../connection.ts';
import { SHARDS, type Shard, sessionKeys } from '../keys.ts';
import { LuaScript } from '../lua-script.ts';
import { redisCall } from '../redis-call.ts';
import { SESSION_TTL_MS } from '../session.ts';

/** KEYS the name of this store. ARGV one that nobody else has. Returns the name, which it keeps until it loses everything. */
const NAME = new LuaScript(`
redis.call('SETNX', KEYS[1], ARGV[1])
return redis.call('GET', KEYS[1])`);

/** KEYS outbox. ARGV hashes of sessions of its shard. Those that do not wait do from now on. Returns how many. */
const QUEUE = new LuaScript(`
local queued = 0
for _, hash in ipairs(ARGV) do
  local user, id = string.match(hash, 'user:([%w_-]+):session:([%w_-]+)$')
  if user and redis.call('TYPE', hash).ok == 'hash' and redis.call('HEXISTS', hash, 'queued') == 0 then
    redis.call('HSET', hash, 'queued', 1)
    redis.call('XADD', KEYS[1], '*', 'user', user, 'session', id)
    queued = queued + 1
  end
end
return queued`);

export interface RefillOptions {
  /** The store of this region. */
  readonly local: RedisClient;
  /** The one that all regions share. */
  readonly global: RedisClient;
  /** Text that nobody else has: letters, digits, "_" and "-". */
  readonly consumer: string;
  /** Milliseconds a session lives after its last access. @default 7 days */
  readonly ttlMs?: number;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
}

/**
 * Queues every session of this region, of the shards of which the global store has never had all, or lost it: the first time
 * that there are regions, and when it comes back empty. A shard of it that has all says so by a key that it would
 * lose with the rest.
 * @returns how many wait more than before
 * @throws SessionError `redis_unavailable`; what is queued by then is, and the rest the next time
 */
export function createRefill(options: RefillOptions): (signal: AbortSignal) => Promise<number> {
  const { local, global, consumer, ttlMs = SESSION_TTL_MS, prefix = 'sk' } = options;
  const keys = sessionKeys(prefix);

  async function markOf(shard: Shard): Promise<string> {
    const name = await NAME.run(local, [`${prefix}:{${shard}}:store`], [consumer]);
    return `${prefix}:{${shard}}:held:${String(name)}`;
  }

  /** What a region that is gone for good leaves behind goes by itself. */
  const hold = (mark: string) => redisCall(global.set(mark, 1, 'PX', 2 * ttlMs));

  async function lacking(): Promise<Map<Shard, string>> {
    const shards = await Promise.all(
      SHARDS.map(async (shard) => {
        const mark = await markOf(shard);
        const isHeld = (await redisCall(global.set(mark, 1, 'PX', 2 * ttlMs, 'XX'))) !== null;
        return isHeld ? [] : [[shard, mark] as const];
      }),
    );
    return new Map(shards.flat());
  }

  async function queue(page: readonly string[], shards: ReadonlyMap<Shard, string>): Promise<number> {
    const ofShard = Map.groupBy(page, shardIn);
    const counts = await Promise.all(
      [...ofShard].map(([shard, hashes]) =>
        shards.has(shard) ? QUEUE.run(local, [keys.outbox(shard)], hashes) : Promise.resolve(0),
      ),
    );
    return counts.reduce<number>((sum, count) => sum + Number(count), 0);
  }

  return async (signal) => {
    const shards = await lacking();
    let queued = 0;
    if (shards.size === 0) return queued;
    for await (const page of scanKeys(local, `${prefix}:{s[0-9][0-9]}:user:*:session:*`)) {
      if (signal.aborted) return queued;
      queued += await queue(page, shards);
    }
    await Promise.all([...shards.values()].map(hold));
    return queued;
  };
}

function shardIn(key: string): Shard {
  return /\{(s\d\d)\}/.exec(key)?.[1] ?? '';
}
