import type { RegionSettings } from '@sekisho/sessions';
import { connectRedis, type RedisClient, type RedisConnection } from '@sekisho/sessions/redis';
import type { Logger } from '@sekisho/telemetry';

export interface ConnectionOptions {
  readonly redisUrl: string;
  readonly regions?: RegionSettings | undefined;
  /** Milliseconds that a store has for one answer. @default 500 */
  readonly storeTimeoutMs?: number;
  readonly log: Logger;
}

export interface StoreConnections {
  /** Of this region. */
  readonly local: RedisConnection;
  /** Shared by all regions; undefined where there is one. */
  readonly global: RedisConnection | undefined;
  /** For what is kept for a while and lost without harm: attempts, flows that somebody is in the middle of. */
  readonly serving: RedisClient;
  /** Whether the store answers that serves. */
  ping(): Promise<unknown>;
  close(): void;
}

/** Connects in the background: a store that is away keeps nobody from starting. */
export function connectStores({ redisUrl, regions, storeTimeoutMs, log }: ConnectionOptions): StoreConnections {
  const lost = new Set<string>();
  const connect = (name: string, url: string) =>
    connectRedis({
      url,
      ...(storeTimeoutMs !== undefined && { commandTimeoutMs: storeTimeoutMs }),
      onState(state, err) {
        if (state === 'lost') {
          lost.add(name);
          return log.warn({ err }, `${name} lost`);
        }
        lost.delete(name);
        log.info(`${name} connected`);
      },
    });
  const local = connect('Redis', redisUrl);
  if (regions === undefined) {
    return { local, global: undefined, serving: local, ping: () => local.ping(), close: () => local.disconnect() };
  }
  const global = connect('global Redis', regions.globalRedisUrl);
  const current = () => (regions.withoutLocal === 'global' && lost.has('Redis') ? global : local);
  return {
    local,
    global,
    serving: leadingTo(current),
    ping: () => current().ping(),
    close() {
      local.disconnect();
      global.disconnect();
    },
  };
}

/** Every command goes to the connection that is the current one then. */
export function leadingTo(current: () => RedisClient): RedisClient {
  return new Proxy<RedisClient>(current(), {
    get(_, name) {
      const redis = current();
      const member: unknown = Reflect.get(redis, name);
      return typeof member === 'function' ? member.bind(redis) : member;
    },
  });
}
