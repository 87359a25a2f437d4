import type { Clock } from '@sekisho/kube';
import {
  createRevocationMetrics,
  createRevoker,
  createSessionStore,
  observeRevocations,
  openRevocationLog,
  type RevocationObserver,
  type RevocationReader,
  type Session,
  startRevocationReader,
} from '@sekisho/sessions';
import { connectRedis } from '@sekisho/sessions/redis';
import type { Logger, Metrics } from '@sekisho/telemetry';
import type { KeySource, KeySourceProcess } from './keys/key-source.ts';
import { createGuardMetrics, type GuardMetrics } from './metrics.ts';
import { createSessionGate, type SessionGate } from './sessions/session-gate.ts';
import { createTouchQueue } from './sessions/touch-queue.ts';
import { tellOutages } from './telling.ts';

export interface StoresOptions {
  readonly redisUrl: string;
  /** First part of every key in Redis. @default 'sk' */
  readonly prefix?: string;
  /** Seconds the longest access token lives. */
  readonly tokenLifetime: number;
  readonly sessionFreshMs: number;
  readonly maxStalenessMs: number;
  readonly keys: KeySource & Pick<KeySourceProcess, 'refresh'>;
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
const ASKED = { touch: 'noting the use of sessions', read: 'reading sessions' } as const;

/** Waits for nothing: until the revocations are loaded, the process is not ready. */
export function openStores(options: StoresOptions): Stores {
  const { redisUrl: url, prefix = 'sk', log, timers, uuid } = options;
  const clock = () => new Date(timers.now());
  const outages = tellOutages(log);
  const redis = connectRedis({
    url,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    onState(state, err) {
      if (state === 'lost') return log.warn({ err }, 'Redis lost');
      for (const what of Object.values(ASKED)) outages.works(what);
      log.info('Redis connected');
    },
  });
  const metrics = createGuardMetrics(options.metrics, () => gate.size);
  const observed = observeRevocations(
    log,
    createRevocationMetrics(options.metrics, () => revocations),
  );
  const revoker = createRevoker({ redis, clock, prefix, tokenLifetime: options.tokenLifetime });
  const revocations = startRevocationReader({
    log: openRevocationLog({ url, prefix }),
    clock,
    observer: askingForKeys(observed, options.keys),
    restore: revoker.restore,
  });
  const sessions = createSessionStore({ redis, clock, newId: uuid, prefix });
  const touches = createTouchQueue({
    sessions,
    clock: timers,
    onOver: (id) => gate.forget(id),
    onError(error) {
      metrics.touchFailures.inc();
      outages.failed(ASKED.touch, error);
    },
  });
  const gate = createSessionGate({
    ...{ sessions, touches, clock, monotonic: () => timers.monotonic() },
    freshMs: options.sessionFreshMs,
    maxStalenessMs: options.maxStalenessMs,
    onUnavailable: (error) => outages.failed(ASKED.read, error),
  });
  return {
    revocations,
    gate,
    metrics,
    async endSession(session) {
      try {
        await revoker.end([session]);
        await sessions.destroy(session.userId, session.id);
      } catch (err) {
        log.error(
          { err, session: session.id },
          'a session whose device changed could not be ended; its requests are refused',
        );
      }
    },
    async close() {
      await touches.stop();
      await revocations.stop();
      redis.disconnect();
    },
  };
}

/** A key that leaked must not sign one token more: its successor is asked for at once. */
function askingForKeys(observed: RevocationObserver, keys: Pick<KeySourceProcess, 'refresh'>): RevocationObserver {
  return {
    ...observed,
    propagated(seconds, kind) {
      observed.propagated?.(seconds, kind);
      if (kind === 'key') void keys.refresh();
    },
  };
}
