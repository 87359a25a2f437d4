import { createHash } from 'node:crypto';
import { SessionError } from './errors.ts';
import type { RedisClient } from './redis.ts';

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
    try {
      return await redis.evalsha(this.#sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!isUnknownScript(error)) throw unavailable(error);
    }
    try {
      return await redis.eval(this.#source, keys.length, ...keys, ...args);
    } catch (error) {
      throw unavailable(error);
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** Whatever Redis or the way to it refuses: no session can be read or written now. */
export function unavailable(cause: unknown): SessionError {
  return new SessionError('redis_unavailable', 'Redis did not do what it was asked', { cause });
}
