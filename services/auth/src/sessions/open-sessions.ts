import { setTimeout as sleep } from 'node:timers/promises';
import {
  createRevoker,
  createSessionStore,
  type OnSecurityEvent,
  openRevocationLog,
  type RevocationReader,
  type Revoker,
  type SessionStore,
  startRevocationReader,
} from '@sekisho/sessions';
import type { RedisClient } from '@sekisho/sessions/redis';
import type { Logger, Metrics } from '@sekisho/telemetry';
import type { AuthMetrics } from '../metrics.ts';
import { createRevocationMetrics, observeRevocations } from '../revocations/metrics.ts';
import { createSessionEndings, type SessionEndings } from './session-endings.ts';

export interface OpenSessionsOptions {
  readonly redis: RedisClient;
  /** The reader of revocations connects by itself. */
  readonly redisUrl: string;
  readonly prefix: string;
  readonly clock: () => Date;
  readonly newId: () => string;
  /** Seconds the longest access token lives. */
  readonly tokenLifetime: number;
  /** Replicas of Redis that must confirm a revocation. @default 0 */
  readonly minReplicas?: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly authMetrics: Pick<AuthMetrics, 'sessionsDestroyed'>;
}

/** Sessions, revocations and what ties them together, for every part of this service. */
export interface Sessions {
  readonly store: SessionStore;
  readonly revoker: Revoker;
  readonly revocations: RevocationReader;
  readonly endings: SessionEndings;
  readonly onSecurityEvent: OnSecurityEvent;
  readonly sleep: (ms: number) => Promise<void>;
  close(): Promise<void>;
}

/** Resolves nothing and waits for nothing: until the revocations are loaded, `revocations.staleMs` says so. */
export function openSessions(options: OpenSessionsOptions): Sessions {
  const { redis, redisUrl, prefix, clock, newId, log, metrics } = options;
  const revoker = createRevoker({ ...options, redis });
  const observed = createRevocationMetrics(metrics, () => revocations);
  const revocations = startRevocationReader({
    log: openRevocationLog({ url: redisUrl, prefix }),
    clock,
    observer: observeRevocations(log, observed),
    restore: revoker.restore,
  });
  const store = createSessionStore({
    redis,
    clock,
    newId,
    prefix,
    onEvicted: (userId, ids) => endings.evicted(userId, ids),
  });
  const endings = createSessionEndings({ sessions: store, revoker, metrics: options.authMetrics });
  return {
    store,
    revoker,
    revocations,
    endings,
    onSecurityEvent(event) {
      observed.securityEvents.inc({ kind: event.kind });
      log.warn({ event }, 'security event');
    },
    sleep: async (ms) => void (await sleep(ms)),
    close: () => revocations.stop(),
  };
}
