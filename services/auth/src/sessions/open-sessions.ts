import type { OnSecurityEvent, RegionSettings, RevocationEntry } from '@sekisho/sessions';
import type { Logger, Metrics } from '@sekisho/telemetry';
import type { AuthAuditTrail } from '../audit/trail.ts';
import { AuthError } from '../errors.ts';
import type { AuthMetrics } from '../metrics.ts';
import type { StoreConnections } from '../regions/connections.ts';
import { endOnArrival } from '../regions/end-on-arrival.ts';
import { openRegionalBacking } from '../regions/open-backing.ts';
import { createKnowledge, type Knowledge } from '../revocations/knowledge.ts';
import { tellSecurityEvents } from '../revocations/metrics.ts';
import { type Backing, openBacking } from './backing.ts';
import { createSessionEndings, type SessionEndings } from './session-endings.ts';

export interface OpenSessionsOptions {
  readonly connections: StoreConnections;
  /** The reader of revocations connects by itself. */
  readonly redisUrl: string;
  /** Where there are several regions. */
  readonly regions?: RegionSettings | undefined;
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
export interface Sessions extends Backing {
  readonly endings: SessionEndings;
  readonly onSecurityEvent: OnSecurityEvent;
  /** Whether the revocations are known well enough to accept a token. */
  readonly knowledge: Knowledge;
  /** Rejects while the revocations are not loaded from wherever they are kept, or are too old. */
  assertReady(): Promise<void>;
  /** Revokes what a key signed, and what it will sign in other hands. */
  revokeKey(kid: string): Promise<void>;
}

/** Waits for nothing: until the revocations are loaded, no token is accepted. */
export function openSessions(options: OpenSessionsOptions): Sessions {
  const { regions, revocationMaxStaleness = 60 } = options;
  const backing = openBackingOf(options, () => endings);
  const { store, revoker, revocations } = backing;
  let isLoaded = false;
  void revocations.ready.then(() => {
    isLoaded = true;
  });
  const endings = createSessionEndings({ sessions: store, revoker, revocations, metrics: options.authMetrics });
  const knowledge = createKnowledge(revocations, {
    maxStalenessMs: revocationMaxStaleness * 1000,
    maxBehindMs: regions?.maxBehindMs ?? 0,
  });
  return {
    ...backing,
    endings,
    onSecurityEvent: tellSecurityEvents(options.audit, options.metrics),
    knowledge,
    async assertReady() {
      if (!isLoaded) throw new AuthError('unavailable', 'the revocations are not loaded yet');
      knowledge.assertFresh();
    },
    revokeKey: (kid) => revoker.revoke({ kind: 'key', id: kid }),
  };
}

/** @param endings of the sessions that are kept there */
function openBackingOf(
  { connections, regions, ...options }: OpenSessionsOptions,
  endings: () => SessionEndings,
): Backing {
  const { local: redis, global } = connections;
  const evict: SessionEndings['evicted'] = (userId, evicted) => endings().evicted(userId, evicted);
  const { prefix = 'sk', revocationMinReplicas: minReplicas = 0 } = options;
  const open = { ...options, redis, prefix, minReplicas, evict };
  if (regions === undefined || global === undefined) return openBacking(open);
  const onArrival = (entry: RevocationEntry) => endOnArrival(endings(), regions.region.name, entry);
  return openRegionalBacking({ ...open, global, onArrival }, regions);
}
