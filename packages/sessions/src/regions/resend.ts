import type { RedisClient } from '../connection.ts';
import { HISTORY_FUNCTION } from '../history.ts';
import { type Shard, sessionKeys } from '../keys.ts';
import { LuaScript } from '../lua-script.ts';
import { items } from '../replies.ts';
import { RESEND } from './outbox-scripts.ts';

/**
 * By shard, the history of the global store that it was found to have. What is sent is noted with the one that was found before:
 * so it is sent once more rather than once too little.
 */
export type Histories = Map<Shard, string>;

/** KEYS any of the shard. */
const HISTORY = new LuaScript(`${HISTORY_FUNCTION}
return history()`);

/** @throws SessionError `redis_unavailable` */
export async function historyOf(global: RedisClient, key: string): Promise<string> {
  return String(await HISTORY.run(global, [key], []));
}

export interface ResendOptions {
  /** The store of this region. */
  readonly local: RedisClient;
  readonly prefix: string;
}

/** A replica that is further behind than that is none to fail over to. */
const KEEP_MS = 60_000;
const AT_ONCE = 1_000;

/**
 * Queues again what the global store acknowledged and then lost, by a fail-over to a replica that did not have it yet, or by a restart.
 * @returns how many sessions wait again
 * @throws SessionError `redis_unavailable`
 */
export function createResend({ local, prefix }: ResendOptions): (shard: Shard, history: string) => Promise<number> {
  const keys = sessionKeys(prefix);
  return async (shard, history) => {
    let again = 0;
    for (let from: string | undefined = '-'; from !== undefined; ) {
      const args = [keys.users(shard), history, KEEP_MS, AT_ONCE, from];
      const reply = await RESEND.run(local, [keys.outbox(shard), keys.sent(shard)], args);
      const [queued, next] = items(reply);
      again += Number(queued);
      from = next === undefined || next === null ? undefined : String(next);
    }
    return again;
  };
}
