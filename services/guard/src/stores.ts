import type { Clock } from '@sekisho/kube';
import {
  createRevoker,
  createSessionStore,
  openRevocationLog,
  type RevocationReader,
  type Session,
  startRevocationReader,
} from '@sekisho/sessions';
import { connectRedis } from '@sekisho/sessions/redis';
import type { Logger, Metrics } from '@sekisho/telemetry';
import type { KeySource } from './keys/key-source.ts';
import { createGuardMetrics, type GuardMetrics } from './metrics.ts';
import { createSessionGate, type SessionGate } from './sessions/session-gate.ts';
import { createTouchQueue } from './sessions/touch-queue.ts';
import { observeRevocations, tellOutages } from './telling.ts';

export interface StoresOptions {
  readonly redisUrl: string;
  /** First part of every key in Redis. @default 'sk' */
  readonly prefix?: string;
  /** Seconds the longest access token lives. */
  readonly tokenLifetime: number;
  readonly sessionFreshMs: number;
  readonly maxStalenessMs: number;
  readonly keys: KeySource;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly timers: Clock;
  readonly uuid: () => string;
}

/** Sessions and revocations, as the guard uses them. */
export interface Stores {
  readonly revocations: RevocationReader;
  readonly gate: SessionGate;
  readonly metrics: GuardMetrics;
  /** Ends a session everywhere. Never rejects. */
  endSession(session: Session): Promise<void>;
  close(): Promise<void>;
}

/** Envoy waits 250 ms for an answer. */
const COMMAND_TIMEOUT_MS = 150;

/** Waits for nothing: until the revocations are loaded, the process is not ready. */
export function openStores(options: StoresOptions): Stores {
  const { redisUrl: url, prefix = 'sk', log, timers, uuid } = options;
  const clock = () => new Date(timers.now());
  const redis = connectRedis({
    url,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    onState: (state, err) => (state === 'ready' ? log.info('Redis connected') : log.warn({ err }, 'Redis lost')),
  });
  const metrics = createGuardMetrics(options.metrics, {
    revocations: () => revocations,
    sessions: () => gate.size,
  });
  const revoker = createRevoker({ redis, clock, prefix, tokenLifetime: options.tokenLifetime });
  const revocations = startRevocationReader({
    log: openRevocationLog({ url, prefix }),
    clock,
    observer: observeRevocations(log, metrics),
    restore: revoker.restore,
  });
  const sessions = createSessionStore({ redis, clock, newId: uuid, prefix });
  const outages = tellOutages(log);
  const touches = createTouchQueue({
    sessions,
    clock: timers,
    onOver: (id) => gate.forget(id),
    onError(error) {
      metrics.touchFailures.inc();
      outages.failed('noting the use of sessions', error);
    },
  });
  const gate = createSessionGate({
    ...{ sessions, touches, clock, monotonic: () => timers.monotonic() },
    freshMs: options.sessionFreshMs,
    maxStalenessMs: options.maxStalenessMs,
    onUnavailable: (error) => outages.failed('reading sessions', error),
  });
  return {
    revocations,
    gate,
    metrics,
    async endSession({ userId, id }) {
      try {
        await revoker.revoke({ kind: 'session', id });
        await sessions.destroy(userId, id);
      } catch (err) {
        log.error({ err, session: id }, 'a session whose device changed could not be ended; its requests are refused');
      }
    },
    async close() {
      await touches.stop();
      await revocations.stop();
      redis.disconnect();
    },
  };
}
