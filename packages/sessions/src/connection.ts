import {
  Cluster,
  type ClusterOptions,
  type RedisOptions as IoRedisOptions,
  type Redis,
  type RedisCommander,
} from 'ioredis';
import { LastingRedis } from './lasting-redis.ts';
import { parseRedisUrl, type RedisPlace } from './redis-url.ts';

/** What stores need of a connection, whatever it leads to. */
export type RedisClient = Pick<Redis, 'eval' | 'evalsha' | 'get' | 'set' | 'del' | 'hgetall' | 'pipeline'>;

/** A whole connection, which only `disconnect` ends. */
export type RedisConnection = Omit<RedisCommander, 'quit'> & Pick<Redis, 'disconnect' | 'pipeline'>;

export interface RedisOptions {
  /** One server, Sentinels or a Cluster: see `parseRedisUrl`. */
  readonly url: string;
  /** Told once when the connection works and once when it is lost, not at every attempt. */
  readonly onState: (state: 'ready' | 'lost', cause?: Error) => void;
  /** Milliseconds until a command without an answer fails. @default 500 */
  readonly commandTimeoutMs?: number;
}

const MAX_RECONNECT_DELAY_MS = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;

/**
 * A connection for request handling: a command fails at once when Redis is away and in bounded time when it does not
 * answer, and works again without a restart when Redis is back, or another server took over. A single server and
 * Sentinels never get a command twice behind the caller's back; in a Cluster the client sends one again to the node
 * that it is redirected to, and to another when the connection broke: every script of ours may run twice.
 * @throws SessionError `redis_url_invalid`
 */
export function connectRedis({ url, onState, commandTimeoutMs = 500 }: RedisOptions): RedisConnection {
  const place = parseRedisUrl(url);
  const common = commonOptions(place, commandTimeoutMs);
  const redis = place.kind === 'cluster' ? connectCluster(place, common) : connectPrimary(place, common);
  watchState(redis, onState);
  return redis;
}

function commonOptions({ username, password, tls, db }: RedisPlace, commandTimeoutMs: number) {
  return {
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // A peer that vanished without a reset would otherwise keep its socket for the kernel's 15 minutes.
    socketTimeout: 4 * commandTimeoutMs,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A server that was the primary until a moment ago refuses writes: the next connection leads to its successor.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    db,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  } satisfies IoRedisOptions;
}

type Common = ReturnType<typeof commonOptions>;

function connectPrimary({ kind, addresses, primary, tls, sentinelPassword }: RedisPlace, common: Common): Redis {
  const [{ host, port } = { host: '', port: 0 }] = addresses;
  const sentinel = {
    sentinels: addresses.map((address) => ({ ...address })),
    name: primary,
    failoverDetector: true,
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
    sentinelRetryStrategy: reconnectDelay,
    enableTLSForSentinelMode: tls,
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(tls && { sentinelTLS: {} }),
  };
  return new LastingRedis({
    ...common,
    enableOfflineQueue: false,
    retryStrategy: reconnectDelay,
    ...(kind === 'sentinel' ? sentinel : { host, port }),
  });
}

/** How often, and in which distance, a command is sent again in a Cluster: together well below a second. */
const REDIRECTIONS = { maxRedirections: 5, retryDelayOnFailover: 100, retryDelayOnClusterDown: 100 };

function connectCluster({ addresses }: RedisPlace, { db: _, ...redisOptions }: Common): Cluster {
  const options = {
    ...REDIRECTIONS,
    redisOptions,
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectDelay,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    // A node that took over is found before a command runs into it.
    slotsRefreshInterval: 5_000,
  } satisfies ClusterOptions;
  return new Cluster(
    addresses.map((address) => ({ ...address })),
    options,
  );
}

function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS);
}

function watchState(redis: Redis | Cluster, onState: RedisOptions['onState']): void {
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
