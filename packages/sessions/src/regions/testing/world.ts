import { randomUUID } from 'node:crypto';
import { connectRedis, type RedisConnection } from '../../connection.ts';
import type { RefreshStore } from '../../refresh.ts';
import type { EndedSession } from '../../session.ts';
import type { SessionStore } from '../../store.ts';
import { createRegionalRefreshStore } from '../refresh-store.ts';
import { createRegionalSessionStore, type LookedUp, type RegionalSessionStoreOptions } from '../session-store.ts';
import { createSyncTurn, type PushResult, type SyncStep } from '../sync-turn.ts';

export interface RegionOptions
  extends Pick<RegionalSessionStoreOptions, 'withoutGlobal' | 'withoutLocal' | 'maxPerUser' | 'ttlMs'> {
  readonly name: string;
  readonly local: RedisConnection;
  readonly global: RedisConnection;
  readonly prefix: string;
  readonly clock: () => Date;
}

export interface SyncOptions {
  readonly before?: (step: SyncStep) => Promise<void> | void;
  readonly count?: number;
}

export interface RegionUnderTest {
  readonly sessions: SessionStore;
  readonly refresh: RefreshStore;
  readonly lookups: LookedUp[];
  readonly pushes: PushResult[];
  readonly evicted: EndedSession[];
  /** As a process would that begins now, takes what others hold, and ends when nothing waits or something goes wrong. */
  sync(options?: SyncOptions): Promise<void>;
}

const NAMES = ['osaka', 'tokyo'];

/** One region as its processes have it: stores of their own kind and nothing in common but Redis. */
export function createRegion(options: RegionOptions): RegionUnderTest {
  const { name, local, global, prefix, clock, ttlMs, maxPerUser } = options;
  const region = { name, others: NAMES.filter((other) => other !== name) };
  const lookups: LookedUp[] = [];
  const pushes: PushResult[] = [];
  const evicted: EndedSession[] = [];
  const common = { ...options, redis: local, region };
  const sessions = createRegionalSessionStore({
    ...common,
    newId: randomUUID,
    onLookup: (where) => lookups.push(where),
  });
  const evict = async (userId: string, ended: readonly EndedSession[]) => {
    evicted.push(...ended);
    await sessions.destroy(userId, ...ended.map(({ id }) => id));
  };
  return {
    sessions,
    refresh: createRegionalRefreshStore(common),
    lookups,
    pushes,
    evicted,
    async sync({ before, count = 8 } = {}) {
      const turn = createSyncTurn({
        ...{ local, global, clock, prefix, evict, consumer: randomUUID() },
        ...(ttlMs !== undefined && { ttlMs }),
        ...(maxPerUser !== undefined && { maxPerUser }),
        ...(before !== undefined && { before }),
        onPush: (result) => pushes.push(result),
      });
      for (;;) {
        const { waiting, failure } = await turn({ count, claimAfterMs: 0 });
        if (failure !== undefined) throw failure;
        if (waiting === 0) return;
      }
    },
  };
}

/** @param url of one server: the stores of a test may be databases of the same */
export async function connected(url: string, commandTimeoutMs = 30_000): Promise<RedisConnection> {
  const ready = Promise.withResolvers<void>();
  const redis = connectRedis({ url, commandTimeoutMs, onState: (state) => state === 'ready' && ready.resolve() });
  await ready.promise;
  return redis;
}
