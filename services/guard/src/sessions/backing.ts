import type { Clock } from '@sekisho/kube';
import {
  createRevocationMetrics,
  createRevoker,
  createSessionStore,
  observeRevocations,
  openRevocationLog,
  type RevocationObserver,
  type RevocationReader,
  type Revoker,
  type SessionStore,
  startRevocationReader,
} from '@sekisho/sessions';
import { connectRedis, type RedisConnection } from '@sekisho/sessions/redis';
import type { Logger, Metrics } from '@sekisho/telemetry';

export interface BackingOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  /** Seconds the longest access token lives. */
  readonly tokenLifetime: number;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly timers: Clock;
  readonly uuid: () => string;
  /** Told what the reader goes through, beside the log and the metrics. */
  readonly observing: (observer: RevocationObserver) => RevocationObserver;
  /** Told when a store answers again. */
  readonly onConnected: () => void;
}

/** Where sessions and revocations are, in one region or several. */
export interface Backing {
  readonly sessions: Pick<SessionStore, 'get' | 'touch' | 'destroy'>;
  readonly revoker: Pick<Revoker, 'end'>;
  readonly revocations: RevocationReader;
  close(): Promise<void>;
}

/** Envoy waits 250 ms for an answer. */
export const COMMAND_TIMEOUT_MS = 150;

/** Waits for nothing. */
export function openBacking(options: BackingOptions): Backing {
  const { redisUrl: url, prefix, uuid, tokenLifetime } = options;
  const clock = clockOf(options);
  const redis = connectStore(options, { name: 'Redis', url, commandTimeoutMs: COMMAND_TIMEOUT_MS });
  const revoker = createRevoker({ redis, clock, prefix, tokenLifetime });
  const revocations = startRevocationReader({
    log: openRevocationLog({ url, prefix }),
    clock,
    observer: options.observing(
      observeRevocations(
        options.log,
        createRevocationMetrics(options.metrics, () => revocations),
      ),
    ),
    restore: revoker.restore,
  });
  return {
    sessions: createSessionStore({ redis, clock, newId: uuid, prefix }),
    revoker,
    revocations,
    async close() {
      await revocations.stop();
      redis.disconnect();
    },
  };
}

export function clockOf({ timers }: Pick<BackingOptions, 'timers'>): () => Date {
  return () => new Date(timers.now());
}

export interface StoreAddress {
  /** For the log. */
  readonly name: string;
  readonly url: string;
  readonly commandTimeoutMs: number;
}

export function connectStore(
  { log, onConnected }: Pick<BackingOptions, 'log' | 'onConnected'>,
  { name, url, commandTimeoutMs }: StoreAddress,
): RedisConnection {
  return connectRedis({
    url,
    commandTimeoutMs,
    onState(state, err) {
      if (state === 'lost') return log.warn({ err }, `${name} lost`);
      onConnected();
      log.info(`${name} connected`);
    },
  });
}
