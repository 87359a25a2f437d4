import { LuaScript, type RedisClient } from '@sekisho/sessions/redis';

/** Which of our sessions each application has that a browser logged in to: they and the browser's log-in end together. */
export interface BrowserSessions {
  /** Session ids by client id. @param browser oidc-provider's `uid`, which outlives changes of the cookie */
  linked(browser: string): Promise<ReadonlyMap<string, string>>;
  /**
   * Links an application's session, unless it has one.
   * @returns the session that is linked now
   */
  link(browser: string, clientId: string, sessionId: string): Promise<string>;
  forget(browser: string, clientIds: Iterable<string>): Promise<void>;
}

/** KEYS links. */
const LINKED = new LuaScript(`return redis.call('HGETALL', KEYS[1])`);

/** KEYS links. ARGV client, session, seconds. Returns the linked session. */
const LINK = new LuaScript(`
redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return redis.call('HGET', KEYS[1], ARGV[1])`);

/** KEYS links. ARGV clients. */
const FORGET = new LuaScript(`return redis.call('HDEL', KEYS[1], unpack(ARGV))`);

export function createBrowserSessions(
  redis: RedisClient,
  { prefix, ttlSeconds }: { prefix: string; ttlSeconds: number },
): BrowserSessions {
  const key = (browser: string) => `${prefix}:oauth:browser:${browser}`;
  return {
    async linked(browser) {
      const flat = (await LINKED.run(redis, [key(browser)], [])) as string[];
      const entries = flat.flatMap((value, index) =>
        index % 2 === 0 ? [[value, flat[index + 1] ?? ''] as const] : [],
      );
      return new Map(entries);
    },
    async link(browser, clientId, sessionId) {
      return String(await LINK.run(redis, [key(browser)], [clientId, sessionId, ttlSeconds]));
    },
    async forget(browser, clientIds) {
      const ids = [...clientIds];
      if (ids.length > 0) await FORGET.run(redis, [key(browser)], ids);
    },
  };
}
