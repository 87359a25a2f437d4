import { randomUUID } from 'node:crypto';
import type { RedisConnection } from '../../connection.ts';
import { SHARDS, sessionKeys } from '../../keys.ts';
import type { RefreshFamily, RefreshStore } from '../../refresh.ts';
import type { EndedSession } from '../../session.ts';
import type { SessionStore } from '../../store.ts';
import type { PushResult } from '../push.ts';
import { createRegionalRefreshStore } from '../refresh-store.ts';
import { createRegionalSessionStore, type LookedUp, type RegionalSessionStoreOptions } from '../session-store.ts';
import { createSyncTurn, type SyncStep } from '../sync-turn.ts';

export { connected } from '../../testing/connected.ts';

export interface RegionOptions
  extends Pick<RegionalSessionStoreOptions, 'withoutGlobal' | 'withoutLocal' | 'maxPerUser' | 'ttlMs' | 'revocations'> {
  readonly name: string;
  readonly local: RedisConnection;
  readonly global: RedisConnection;
  readonly prefix: string;
  readonly clock: () => Date;
  /** Milliseconds in which a used refresh token still has its successor. */
  readonly graceMs?: number;
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

export const FAMILY: RefreshFamily = { secret: 'secret', context: '{}' };

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

/** How many sessions wait in a region's store, of which the global one was not told. */
export async function waitingIn(local: RedisConnection, prefix: string): Promise<number> {
  const keys = sessionKeys(prefix);
  const lengths = await Promise.all(SHARDS.map((shard) => local.xlen(keys.outbox(shard))));
  return lengths.reduce((sum, length) => sum + length);
}
