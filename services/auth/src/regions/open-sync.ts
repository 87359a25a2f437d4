import { createSyncMetrics, type SessionSync, startSessionSync } from '@sekisho/sessions';
import type { RedisClient } from '@sekisho/sessions/redis';
import type { BackingOptions } from '../sessions/backing.ts';

export interface SyncOptions
  extends Pick<BackingOptions, 'redis' | 'prefix' | 'clock' | 'uuid' | 'evict' | 'log' | 'metrics'> {
  /** The store that all regions share; `redis` is the region's own. */
  readonly global: RedisClient;
}

/** Brings what changes in this region to the global store, and tells how it fares. */
export function openSync({ redis: local, global, uuid, log, metrics, ...options }: SyncOptions): SessionSync {
  const { pushes } = createSyncMetrics(metrics, () => sync);
  const sync = startSessionSync({
    ...{ local, global, prefix: options.prefix, clock: options.clock, evict: options.evict },
    consumer: uuid(),
    onPush: (result) => pushes.inc({ result }),
    onRefill: (sessions) => log.warn({ sessions }, 'the global store lacks sessions: they are sent again'),
    onState(state, err) {
      if (state === 'working') log.info('the other regions are told of sessions');
      else log.warn({ err }, 'the other regions cannot be told of sessions: it is tried again');
    },
  });
  return sync;
}
