import type { RedisClient } from '../connection.ts';
import { openRefreshStore, type RefreshStore, type RefreshStoreOptions } from '../refresh.ts';
import { createAdoption } from './adoption.ts';
import { createLocalFirst, isUnavailable, known } from './availability.ts';
import type { Parcel } from './delivery.ts';
import type { Region, WithoutGlobal, WithoutLocal } from './region.ts';
import { type AssertToldOptions, createAssertTold } from './untold.ts';

export interface RegionalRefreshStoreOptions extends RefreshStoreOptions {
  /** The store that all regions share; `redis` is the one of this region. */
  readonly global: RedisClient;
  readonly region: Region;
  /** Whether sessions that are known here are refreshed while the global store is away. @default 'local': they are */
  readonly withoutGlobal?: WithoutGlobal;
  /** What happens while the store of this region is away. @default 'global': that one is asked for everything */
  readonly withoutLocal?: WithoutLocal;
  /** As of the sessions. */
  readonly revocations?: AssertToldOptions['revocations'];
}

/**
 * Refresh tokens of one region among several. A token is for one use in the world: before it is used, `find` brings its
 * family up to date by one call to the global store. Two regions that use one within the second that this takes give the
 * same successor.
 *
 * While the global store is away a token can be used once in each region. Their families are one again afterwards, at the
 * generation of who came further: whoever has a token from before that is a replay at its next use, and the session
 * ends for both. What a thief gains is what a stolen token brings in any case until its owner uses the next one; it is
 * found out later by as long as the regions were apart.
 */
export function createRegionalRefreshStore(options: RegionalRefreshStoreOptions): RefreshStore {
  const { global: redis, region, withoutGlobal = 'local', withoutLocal = 'global' } = options;
  const local = openRefreshStore(options, { region: region.name, outbox: true });
  const global = openRefreshStore({ ...options, redis }, { region: region.name, outbox: false });
  const localFirst = createLocalFirst(withoutLocal);
  const adoption = createAdoption(options);
  const assertTold = createAssertTold(options);

  /** @property away what kept the global store from answering, if anything did */
  async function bringUpToDate(userId: string, sessionId: string): Promise<{ isThere: boolean; away?: unknown }> {
    let parcel: Parcel | undefined;
    try {
      parcel = await adoption.fetch(userId, sessionId);
    } catch (error) {
      if (withoutGlobal === 'refuse' || !isUnavailable(error)) throw error;
      return { isThere: false, away: error };
    }
    const taken = parcel;
    if (taken !== undefined) {
      await localFirst(
        () => adoption.take(taken),
        async () => undefined,
      );
    }
    return { isThere: taken !== undefined };
  }

  return {
    async find(userId, sessionId, from) {
      const { isThere, away } = await bringUpToDate(userId, sessionId);
      const family = await localFirst(
        () => local.find(userId, sessionId),
        async () => {
          const found = await global.find(userId, sessionId);
          return isThere ? found : known(found);
        },
      );
      if (family !== undefined || isThere || (await adoption.knows(userId, sessionId))) return family;
      // It may live, and have a family elsewhere.
      if (away !== undefined) throw away;
      assertTold(sessionId, from);
      return undefined;
    },
    rotate: (attempt) =>
      localFirst(
        () => local.rotate(attempt),
        () => global.rotate(attempt),
      ),
    begin: (userId, sessionId, family) =>
      localFirst(
        async () => {
          if (await local.begin(userId, sessionId, family)) return true;
          const { away } = await bringUpToDate(userId, sessionId);
          if (away !== undefined && !(await adoption.knows(userId, sessionId))) throw away;
          return local.begin(userId, sessionId, family);
        },
        () => global.begin(userId, sessionId, family),
      ),
  };
}
