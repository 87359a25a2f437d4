import { createHash } from 'node:crypto';
import type { RedisClient } from './connection.ts';
import { redisCall } from './redis-call.ts';

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
