import { Redis } from 'ioredis';

/** What this package needs of a client: a single node, a Sentinel group or a Cluster. */
export type RedisClient = Pick<Redis, 'eval' | 'evalsha' | 'get' | 'set' | 'del' | 'hgetall' | 'pipeline'>;

/** A whole connection: also what its owner and a reader of revocations need. */
export type RedisConnection = RedisClient &
  Pick<Redis, 'ping' | 'time' | 'xinfo' | 'xread' | 'zscan' | 'disconnect' | 'quit'>;

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user and password if any. */
  readonly url: string;
  /** Told once when the connection works and once when it is lost, not at every attempt. */
  readonly onState: (state: 'ready' | 'lost', cause?: Error) => void;
  /** Milliseconds until a command without an answer fails. @default 500 */
  readonly commandTimeoutMs?: number;
}

const MAX_RECONNECT_DELAY_MS = 1_000;

/**
 * A connection for request handling: a command fails at once when Redis is away and in bounded time when it does not
 * answer, is never replayed behind the caller's back, and works again without a restart when Redis is back.
 */
export function connectRedis({ url, onState, commandTimeoutMs = 500 }: RedisOptions): Redis {
  const redis = new Redis(url, {
    commandTimeout: commandTimeoutMs,
    connectTimeout: 1_000,
    // A peer that vanished without a reset would otherwise keep its socket for the kernel's 15 minutes.
    socketTimeout: 4 * commandTimeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS),
  });
  watchState(redis, onState);
  return redis;
}

function watchState(redis: Redis, onState: RedisOptions['onState']): void {
  let state: 'ready' | 'lost' | undefined;
  let lastError: Error | undefined;
  const become = (next: 'ready' | 'lost') => {
    if (state === next) return;
    state = next;
    onState(next, next === 'lost' ? lastError : undefined);
  };
  redis.on('error', (error: Error) => {
    lastError = error;
  });
  redis.on('ready', () => become('ready'));
  // Not `close`, which also comes when this process itself ends the connection.
  redis.on('reconnecting', () => become('lost'));
}
