import type { Clock } from '@sekisho/kube';
import type { RegionSettings, RevocationObserver, RevocationReader, Session } from '@sekisho/sessions';
import type { Logger, Metrics } from '@sekisho/telemetry';
import type { KeySource, KeySourceProcess } from './keys/key-source.ts';
import { createGuardMetrics, type GuardMetrics } from './metrics.ts';
import { openRegionalBacking } from './regions/open-backing.ts';
import { type Backing, openBacking } from './sessions/backing.ts';
import { createKnowsRevocations } from './sessions/knowledge.ts';
import { createSessionGate, type SessionGate } from './sessions/session-gate.ts';
import { createTouchQueue } from './sessions/touch-queue.ts';
import { tellOutages } from './telling.ts';

export interface StoresOptions {
  readonly redisUrl: string;
  /** Where there are several regions: `redisUrl` is this one's own store. @default there is one */
  readonly regions?: RegionSettings | undefined;
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
  /** Whether all of them were loaded once, from wherever they are kept. Stays true. */
  revocationsLoaded(): boolean;
  /** Whether what is revoked, in any region, is known well enough to go by. */
  knowsRevocations(): boolean;
  readonly gate: SessionGate;
  readonly metrics: GuardMetrics;
  /** Ends a session everywhere. Never rejects. */
  endSession(session: Session): Promise<void>;
  close(): Promise<void>;
}

const ASKED = { touch: 'noting the use of sessions', read: 'reading sessions' } as const;

/** Waits for nothing: until the revocations are loaded, the process is not ready. */
export function openStores(options: StoresOptions): Stores {
  const { log, timers, regions, maxStalenessMs } = options;
  const clock = () => new Date(timers.now());
  const outages = tellOutages(log);
  const backing = openBackingOf(options, () => {
    for (const what of Object.values(ASKED)) outages.works(what);
  });
  const { sessions, revocations } = backing;
  let isLoaded = false;
  void revocations.ready.then(() => {
    isLoaded = true;
  });
  const metrics = createGuardMetrics(options.metrics, () => gate.size);
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
    maxStalenessMs,
    onUnavailable: (error) => outages.failed(ASKED.read, error),
  });
  return {
    revocations,
    revocationsLoaded: () => isLoaded,
    knowsRevocations: createKnowsRevocations(revocations, { maxStalenessMs, maxBehindMs: regions?.maxBehindMs }),
    gate,
    metrics,
    endSession: (session) => endSession(backing, session, log),
    async close() {
      await touches.stop();
      await backing.close();
    },
  };
}

async function endSession({ revoker, sessions }: Backing, session: Session, log: Logger): Promise<void> {
  try {
    await revoker.end([session]);
    await sessions.destroy(session.userId, session.id);
  } catch (err) {
    log.error(
      { err, session: session.id },
      'a session whose device changed could not be ended; its requests are refused',
    );
  }
}

function openBackingOf({ prefix = 'sk', regions, ...options }: StoresOptions, onConnected: () => void): Backing {
  const observing = (observer: RevocationObserver) => askingForKeys(observer, options.keys);
  const open = { ...options, prefix, observing, onConnected };
  return regions === undefined ? openBacking(open) : openRegionalBacking(open, regions);
}

/** A key that leaked must not sign one token more: its successor is asked for at once. */
function askingForKeys(observed: RevocationObserver, keys: Pick<KeySourceProcess, 'refresh'>): RevocationObserver {
  return {
    ...observed,
    propagated(seconds, kind, from) {
      observed.propagated?.(seconds, kind, from);
      if (kind === 'key') void keys.refresh();
    },
  };
}
