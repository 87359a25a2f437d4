import type { RedisClient } from '../connection.ts';
import { SHARDS, type Shard, sessionKeys } from '../keys.ts';
import { LuaScript } from '../lua-script.ts';
import { scanKeys } from '../scan-keys.ts';
import { SESSION_TTL_MS } from '../session.ts';
import { createHeldMarks, type HeldMark } from './held-marks.ts';
import { createResend, type Histories } from './resend.ts';
import { QUEUE_FUNCTION } from './script-functions.ts';

/** KEYS outbox. ARGV hashes of sessions of its shard. Those that do not wait do from now on. Returns how many. */
const QUEUE = new LuaScript(`${QUEUE_FUNCTION}
local queued = 0
for _, hash in ipairs(ARGV) do queued = queued + queue(KEYS[1], hash) end
return queued`);

export interface RefillOptions {
  /** The store of this region. */
  readonly local: RedisClient;
  /** The one that all regions share. */
  readonly global: RedisClient;
  /** Text that nobody else has: letters, digits, "_" and "-". */
  readonly consumer: string;
  /** What is found of the global store is noted there, for who sends. */
  readonly histories?: Histories;
  /** Milliseconds a session lives after its last access. @default 7 days */
  readonly ttlMs?: number;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
}

/**
 * Queues every session of the shards of which the global store has never had all, or lost it: the first time that there are regions,
 * when it comes back empty, and when it comes back as it was longer ago, from a backup. Where it failed over, what it was told a
 * moment before is queued.
 * @returns how many wait more than before
 * @throws SessionError `redis_unavailable`; what is queued by then is, and the rest the next time
 */
export function createRefill(options: RefillOptions): (signal: AbortSignal) => Promise<number> {
  const { local, histories, ttlMs = SESSION_TTL_MS, prefix = 'sk' } = options;
  const keys = sessionKeys(prefix);
  // What a region that is gone for good leaves behind goes by itself.
  const marks = createHeldMarks({ ...options, prefix, lifeMs: 2 * ttlMs });
  const resend = createResend({ local, prefix });

  async function look(shard: Shard): Promise<Looked> {
    const { mark, isHeld, history } = await marks.look(shard);
    const resent = await resend(shard, history);
    histories?.set(shard, history);
    return { shard, mark, isHeld, resent };
  }

  async function queue(page: readonly string[], shards: ReadonlyMap<Shard, HeldMark>): Promise<number> {
    const ofShard = Map.groupBy(page, shardIn);
    const counts = await Promise.all(
      [...ofShard].map(([shard, hashes]) =>
        shards.has(shard) ? QUEUE.run(local, [keys.outbox(shard)], hashes) : Promise.resolve(0),
      ),
    );
    return counts.reduce<number>((sum, count) => sum + Number(count), 0);
  }

  async function queueAll(shards: ReadonlyMap<Shard, HeldMark>, signal: AbortSignal): Promise<number> {
    let queued = 0;
    for await (const page of scanKeys(local, `${prefix}:{s[0-9][0-9]}:user:*:session:*`)) {
      if (signal.aborted) return queued;
      queued += await queue(page, shards);
    }
    await Promise.all([...shards.values()].map(marks.hold));
    return queued;
  }

  return async (signal) => {
    // A node of a Cluster that is away keeps nobody from what the others lack.
    const settled = await Promise.allSettled(SHARDS.map(look));
    const looks = settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const failed = settled.find((outcome) => outcome.status === 'rejected');
    const resent = looks.reduce((sum, looked) => sum + looked.resent, 0);
    const lacking = new Map(looks.flatMap(({ shard, mark, isHeld }) => (isHeld ? [] : [[shard, mark] as const])));
    const queued = lacking.size === 0 ? 0 : await queueAll(lacking, signal);
    if (failed !== undefined) throw failed.reason;
    return resent + queued;
  };
}

interface Looked {
  readonly shard: Shard;
  readonly mark: HeldMark;
  readonly isHeld: boolean;
  readonly resent: number;
}

function shardIn(key: string): Shard {
  return /\{(s\d\d)\}/.exec(key)?.[1] ?? '';
}
