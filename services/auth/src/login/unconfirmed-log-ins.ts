import { LuaScript, type RedisClient, TIME_FUNCTION } from '@sekisho/sessions/redis';

/** Somebody who logged in by what a replica of the database showed of their account. */
export interface UnconfirmedLogIn {
  readonly userId: string;
  /** Of the account, there. */
  readonly version: number;
}

export interface DueLogIn extends UnconfirmedLogIn {
  /** When it was noted last. */
  readonly notedAt: string;
}

/** Log-ins that the primary of the database is still to confirm. Each rejects with SessionError `redis_unavailable`. */
export interface UnconfirmedLogIns {
  note(logIn: UnconfirmedLogIn): Promise<void>;
  /** Those that rest since a while, so that what they began is there by now; the one that rests longest first. */
  due(limit: number): Promise<readonly DueLogIn[]>;
  /** Forgets what was not noted again since. */
  settle(logIns: readonly DueLogIn[]): Promise<void>;
}

/** Longer than any request, and than processes take to see that the primary is back. */
const REST_MS = 10_000;
/** Sessions that nobody confirmed for so long are over: they live for a week, and are not refreshed by what is too old. */
const KEPT_MS = 14 * 24 * 60 * 60_000;

const NOW = `${TIME_FUNCTION}
local now = redisTime()`;

/** KEYS log-ins. ARGV the log-in, for how long they are kept in ms. */
const NOTE = new LuaScript(`${NOW}
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

/** KEYS log-ins. ARGV for how long they rest in ms, limit. Returns log-in, moment, log-in, moment ... */
const DUE = new LuaScript(`${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])`);

/** KEYS log-ins. ARGV log-in, moment, log-in, moment ... */
const SETTLE = new LuaScript(`
for i = 1, #ARGV, 2 do
  if redis.call('ZSCORE', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('ZREM', KEYS[1], ARGV[i]) end
end`);

export interface UnconfirmedLogInsOptions {
  readonly redis: RedisClient;
  /** First part of every key. */
  readonly prefix: string;
  /** Milliseconds that a log-in rests before it is due. @default 10_000 */
  readonly restMs?: number | undefined;
}

/** In Redis: the process that saw a log-in may be gone when the primary is back. */
export function createUnconfirmedLogIns({
  redis,
  prefix,
  restMs = REST_MS,
}: UnconfirmedLogInsOptions): UnconfirmedLogIns {
  const keys = [`${prefix}:unconfirmed-log-ins`];
  return {
    async note(logIn) {
      await NOTE.run(redis, keys, [nameOf(logIn), KEPT_MS]);
    },
    async due(limit) {
      const flat = await DUE.run(redis, keys, [restMs, limit]);
      return Array.isArray(flat) ? logInsOf(flat.map(String)) : [];
    },
    async settle(logIns) {
      if (logIns.length === 0) return;
      await SETTLE.run(
        redis,
        keys,
        logIns.flatMap((logIn) => [nameOf(logIn), logIn.notedAt]),
      );
    },
  };
}

const nameOf = ({ userId, version }: UnconfirmedLogIn) => `${userId}:${version}`;

function logInsOf(flat: readonly string[]): readonly DueLogIn[] {
  return flat.flatMap((name, index) => {
    if (index % 2 === 1) return [];
    const [userId = '', version] = name.split(':');
    return { userId, version: Number(version), notedAt: flat[index + 1] ?? '' };
  });
}
