import type { RedisClient } from '../connection.ts';
import { isRedisUnavailable } from '../errors.ts';
import { openRefreshStore, type RefreshStore, type RefreshStoreOptions } from '../refresh.ts';
import type { RevocationReader } from '../revocation/reader.ts';
import { type Adoption, createAdoption } from './adoption.ts';
import { createLocalFirst, known, type LocalFirst } from './availability.ts';
import type { Parcel } from './delivery.ts';
import type { Region, WithoutGlobal, WithoutLocal } from './region.ts';
import { hasEnded, type SessionName } from './replica.ts';
import { createHear, type Heard, type Origin } from './untold.ts';

export interface RegionalRefreshStoreOptions extends RefreshStoreOptions {
  /** The store that all regions share; `redis` is the one of this region. */
  readonly global: RedisClient;
  readonly region: Region;
  /** Whether sessions that are known here are refreshed while the global store is away. @default 'local': they are */
  readonly withoutGlobal?: WithoutGlobal;
  /** What happens while the store of this region is away. @default 'global': that one is asked for everything */
  readonly withoutLocal?: WithoutLocal;
  /** As of the sessions. */
  readonly revocations?: Pick<RevocationReader, 'check' | 'regions' | 'behindMs'>;
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
  const stores = openStores(options);
  return {
    find: findIn(stores),
    begin: beginIn(stores),
    rotate: rotateIn(stores),
  };
}

interface Stores {
  readonly local: RefreshStore;
  readonly global: RefreshStore;
  readonly localFirst: LocalFirst;
  readonly adoption: Adoption;
  /** What is known of the regions, to be asked before a store is. */
  hear(): Heard;
  /** What the global store knows, or what kept it from answering. */
  fetch(userId: string, sessionId: string): Promise<{ parcel?: Parcel | undefined; away?: unknown }>;
}

function openStores(options: RegionalRefreshStoreOptions): Stores {
  const { global: redis, region, revocations, withoutGlobal = 'local', withoutLocal = 'global' } = options;
  const replicated = { region: region.name, behindMs: () => revocations?.behindMs ?? 0 };
  const adoption = createAdoption(options);
  return {
    local: openRefreshStore(options, { ...replicated, isOwn: true }),
    global: openRefreshStore({ ...options, redis }, { ...replicated, isOwn: false }),
    localFirst: createLocalFirst(withoutLocal),
    adoption,
    hear: createHear(options),
    async fetch(userId, sessionId) {
      try {
        return { parcel: await adoption.fetch(userId, sessionId) };
      } catch (error) {
        if (withoutGlobal === 'refuse' || !isRedisUnavailable(error)) throw error;
        return { away: error };
      }
    },
  };
}

function findIn({ local, global, localFirst, adoption, hear, fetch }: Stores): RefreshStore['find'] {
  return async (userId, sessionId, from) => {
    const { assertTold, isAll } = hear();
    const { parcel, away } = await fetch(userId, sessionId);
    const family = await localFirst(
      async () => {
        if (parcel !== undefined) await adoption.take(parcel);
        return local.find(userId, sessionId);
      },
      async () => {
        const found = await global.find(userId, sessionId);
        return isWhole(parcel) ? found : known(found);
      },
    );
    if (family !== undefined) return { ...family, isLatest: family.isLatest && isAll && away === undefined };
    if (isWhole(parcel) || (await adoption.isEnded(userId, sessionId))) return undefined;
    // It may live and have a family elsewhere, and be known here or to the global store from before that was begun.
    if (away !== undefined) throw away;
    assertTold(sessionId, parcel === undefined ? from : from && originOf(parcel));
    return undefined;
  };
}

function rotateIn(stores: Stores): RefreshStore['rotate'] {
  const { local, global, localFirst } = stores;
  return (attempt) =>
    localFirst(
      async () => {
        const rotation = await local.rotate(attempt);
        if (rotation.result !== 'ended') return rotation;
        await bring(attempt, stores);
        return local.rotate(attempt);
      },
      async () => {
        const rotation = await global.rotate(attempt);
        // It was found a moment ago: what is over for the global store may be what it was not told of.
        return known(rotation.result === 'ended' ? undefined : rotation);
      },
    );
}

function beginIn(stores: Stores): RefreshStore['begin'] {
  const { local, global, localFirst, adoption } = stores;
  return (userId, sessionId, family) =>
    localFirst(
      async () => {
        if (await local.begin(userId, sessionId, family)) return true;
        await bring({ userId, sessionId }, stores);
        return local.begin(userId, sessionId, family);
      },
      async () => {
        if (await global.begin(userId, sessionId, family)) return true;
        known(await adoption.fetch(userId, sessionId));
        return false;
      },
    );
}

/** For a store that does not know what was found elsewhere: it may have come back in between. */
async function bring({ userId, sessionId }: SessionName, { adoption, fetch }: Stores): Promise<void> {
  const { parcel, away } = await fetch(userId, sessionId);
  if (parcel !== undefined) await adoption.take(parcel);
  if (away !== undefined && !(await adoption.isEnded(userId, sessionId))) throw away;
}

/** Whether the global store knows that the session ended, or its family: only then nobody else knows more. */
function isWhole(parcel: Parcel | undefined): boolean {
  return parcel !== undefined && (hasEnded(parcel.replica) || parcel.replica.family !== undefined);
}

function originOf({ replica, readAt }: Parcel): Origin | undefined {
  return hasEnded(replica) ? undefined : { region: replica.facts['region'], ageMs: readAt - replica.createdAt };
}
