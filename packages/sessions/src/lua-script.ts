import { createHash } from 'node:crypto';
import type { RedisClient } from './connection.ts';
import { redisCall } from './redis-call.ts';

/** A function of scripts: `redisTime()` is the time in ms by the clock of the server that runs them. */
export const TIME_FUNCTION = `
local function redisTime()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/** A script that Redis runs as one step. Sent once per server, then called by its hash. */
export class LuaScript {
  readonly #source: string;
  readonly #sha: string;

  constructor(source: string) {
    this.#source = source;
    this.#sha = createHash('sha1').update(source).digest('hex');
  }

  /**
   * @param keys all in one cluster slot
   * @throws SessionError `redis_unavailable`
   */
  async run(redis: RedisClient, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const call = async () => {
      try {
        return await redis.evalsha(this.#sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!isUnknownScript(error)) throw error;
        return await redis.eval(this.#source, keys.length, ...keys, ...args);
      }
    };
    return redisCall(call());
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
