import {
  createLogoutNotices,
  createRevocationMetrics,
  createRevoker,
  createSessionStore,
  type LogoutNotices,
  type OnSecurityEvent,
  observeRevocations,
  openRevocationLog,
  type RevocationReader,
  type Revoker,
  type SessionStore,
  startRevocationReader,
} from '@sekisho/sessions';
import type { RedisClient } from '@sekisho/sessions/redis';
import type { Logger, Metrics } from '@sekisho/telemetry';
import type { AuthAuditTrail } from '../audit/trail.ts';
import { AuthError } from '../errors.ts';
import type { AuthMetrics } from '../metrics.ts';
import { tellSecurityEvents } from '../revocations/metrics.ts';
import { createSessionEndings, type SessionEndings } from './session-endings.ts';

export interface OpenSessionsOptions {
  readonly redis: RedisClient;
  /** The reader of revocations connects by itself. */
  readonly redisUrl: string;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
  readonly clock: () => Date;
  readonly uuid: () => string;
  /** Seconds the longest access token lives. */
  readonly tokenLifetime: number;
  /** Seconds. @default 60 */
  readonly revocationMaxStaleness?: number;
  /** @default 0 */
  readonly revocationMinReplicas?: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly audit: AuthAuditTrail;
  readonly authMetrics: Pick<AuthMetrics, 'sessionsDestroyed' | 'backchannelLogouts'>;
}

/** Sessions, revocations and what ties them together, for every part of this service. */
export interface Sessions {
  readonly store: SessionStore;
  readonly revoker: Revoker;
  readonly revocations: RevocationReader;
  readonly endings: SessionEndings;
  /** Ends of sessions that applications are to be told of. */
  readonly notices: LogoutNotices;
  readonly onSecurityEvent: OnSecurityEvent;
  readonly maxStalenessMs: number;
  /** Rejects while the revocations are not known well enough to accept a token. */
  assertFresh(): Promise<void>;
  /** Revokes what a key signed, and what it will sign in other hands. */
  revokeKey(kid: string): Promise<void>;
  close(): Promise<void>;
}

/** Waits for nothing: until the revocations are loaded, no token is accepted. */
export function openSessions(options: OpenSessionsOptions): Sessions {
  const { redis, redisUrl, prefix = 'sk', clock, log, revocationMaxStaleness = 60 } = options;
  const revoker = createRevoker({ ...options, minReplicas: options.revocationMinReplicas ?? 0 });
  const revocations = startRevocationReader({
    log: openRevocationLog({ url: redisUrl, prefix }),
    clock,
    observer: observeRevocations(
      log,
      createRevocationMetrics(options.metrics, () => revocations),
    ),
    restore: revoker.restore,
  });
  const evict: SessionEndings['evicted'] = (userId, evicted) => endings.evicted(userId, evicted);
  const store = createSessionStore({ redis, clock, newId: options.uuid, prefix, evict });
  const endings = createSessionEndings({ sessions: store, revoker, revocations, metrics: options.authMetrics });
  const maxStalenessMs = revocationMaxStaleness * 1000;
  return {
    store,
    revoker,
    revocations,
    endings,
    notices: createLogoutNotices({ redis, prefix }),
    onSecurityEvent: tellSecurityEvents(options.audit, options.metrics),
    maxStalenessMs,
    async assertFresh() {
      if (revocations.staleMs > maxStalenessMs) throw new AuthError('unavailable', 'the revocations are not known');
    },
    revokeKey: (kid) => revoker.revoke({ kind: 'key', id: kid }),
    close: () => revocations.stop(),
  };
}
