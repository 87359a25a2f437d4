import type { RedisClient } from '../connection.ts';
import { whileRedisUnavailable } from '../errors.ts';
import { living, openStore } from '../open-store.ts';
import type { RevocationReader } from '../revocation/reader.ts';
import { newSession, SESSION_TTL_MS, type Session } from '../session.ts';
import type { Found, SessionStore, SessionStoreOptions, StoreAt } from '../store.ts';
import { createAdoption } from './adoption.ts';
import { createLocalFirst, createPresence, known, type LocalFirst } from './availability.ts';
import { createRegionalLists } from './list.ts';
import { createPutAtGlobal } from './put-at-global.ts';
import type { Region, WithoutGlobal, WithoutLocal } from './region.ts';
import { sessionIdOf } from './session-id.ts';
import { createHear, type Provenance } from './untold.ts';

/** Where a session was found. */
export type LookedUp = 'local' | 'global' | 'nowhere';

export interface RegionalSessionStoreOptions extends SessionStoreOptions {
  /** The store that all regions share; `redis` is the one of this region. */
  readonly global: RedisClient;
  readonly region: Region;
  /** What becomes of sessions that are known here while the global store is away. @default 'local': they go on */
  readonly withoutGlobal?: WithoutGlobal;
  /** What happens while the store of this region is away. @default 'global': that one is asked for everything */
  readonly withoutLocal?: WithoutLocal;
  readonly onLookup?: (where: LookedUp) => void;
  /**
   * Of all regions: whether another one may know what is known nowhere else, or have ended what lives here.
   * @default what is not known is over, and no other region is waited for
   */
  readonly revocations?: Pick<RevocationReader, 'check' | 'regions' | 'behindMs'>;
}

/**
 * Sessions of one region among several. What is known here is answered from here; of what is not the global store is asked,
 * once, and then it is known here. A change is made here, and noted in the same step for the global store, to which
 * `startSessionSync` brings it.
 *
 * Rejects with SessionError `redis_unavailable` when neither store answers, and for a session that is not known here while
 * the global store is away: it may live.
 */
export function createRegionalSessionStore(options: RegionalSessionStoreOptions): SessionStore {
  const { clock, newId, ttlMs = SESSION_TTL_MS, region } = options;
  const stores = openStores(options);
  const { local, global, localFirst, present } = stores;
  const lookUp = lookUpIn(stores, options);
  return {
    async create(from) {
      await present();
      const at = clock().getTime();
      const id = sessionIdOf({ region: region.name, at }, newId());
      const session: Session = { ...newSession(id, from, at, ttlMs), region: region.name };
      // The same one in both: an answer that was lost leaves no other behind.
      await localFirst(
        () => local.put(session),
        () => global.put(session),
      );
      return session;
    },
    get: async (userId, id, from) => living(await lookUp({ userId, id, from }, (store) => store.find(userId, id))),
    touch: async (userId, id) => living(await lookUp({ userId, id }, (store) => store.findAndTouch(userId, id))),
    destroy: (userId, ...ids) =>
      localFirst(
        () => destroyBoth(stores, userId, ids),
        () => global.destroy(userId, ...ids),
      ),
    ...createRegionalLists({
      ...options,
      local: { redis: options.redis },
      global: { redis: options.global, store: global },
      localFirst,
    }),
    async ownerOf(id) {
      const here = await localFirst(
        async () => ({ owner: await local.ownerOf(id) }),
        async () => undefined,
      );
      return here === undefined ? known(await global.ownerOf(id)) : (here.owner ?? global.ownerOf(id));
    },
  };
}

interface Stores {
  readonly local: StoreAt;
  readonly global: StoreAt;
  readonly localFirst: LocalFirst;
  /** Rejects while the global store is away and nothing may go on without it. */
  readonly present: () => Promise<void>;
}

function openStores(options: RegionalSessionStoreOptions): Stores {
  const { region, global: redis, clock, prefix = 'sk', revocations, withoutGlobal = 'local', withoutLocal } = options;
  const replicated = { region: region.name, behindMs: () => revocations?.behindMs ?? 0 };
  const global = openStore({ ...options, redis }, { ...replicated, isOwn: false });
  return {
    local: openStore(options, { ...replicated, isOwn: true }),
    global: { ...global, put: createPutAtGlobal(options, global) },
    localFirst: createLocalFirst(withoutLocal),
    present: withoutGlobal === 'refuse' ? createPresence({ redis, clock, prefix }) : async () => undefined,
  };
}

interface Asked {
  readonly userId: string;
  readonly id: string;
  readonly from?: Provenance | undefined;
}

interface Look {
  readonly where: 'local' | 'global';
  readonly found: Found;
}

function lookUpIn({ local, global, localFirst, present }: Stores, options: RegionalSessionStoreOptions) {
  const { onLookup } = options;
  const adoption = createAdoption(options);
  const hear = createHear(options);
  return async ({ userId, id, from }: Asked, look: (store: StoreAt) => Promise<Found>): Promise<Found> => {
    const { where, found } = await localFirst<Look>(
      async () => ({ where: 'local', found: await look(local) }),
      async () => ({ where: 'global', found: known(await look(global)) }),
    );
    if (where === 'global' || found !== undefined) {
      await present();
      onLookup?.(found === undefined ? 'nowhere' : where);
      return found;
    }
    const { assertTold } = hear();
    const parcel = await adoption.fetch(userId, id);
    if (parcel !== undefined) await adoption.take(parcel);
    // It is now what it will be at the next request.
    const adopted = parcel && (await look(local));
    onLookup?.(adopted === undefined ? 'nowhere' : 'global');
    if (parcel === undefined) assertTold(id, from);
    return adopted;
  };
}

/**
 * Here, where the end of each is noted for the others, known here or not. Of those that are not the global store is asked at
 * once, to tell whether there were any; while it is away nobody can tell.
 */
async function destroyBoth({ local, global }: Stores, userId: string, ids: readonly string[]): Promise<string[]> {
  const destroyed = await local.destroy(userId, ...ids);
  const unknown = ids.filter((id) => !destroyed.includes(id));
  if (unknown.length === 0) return destroyed;
  return [...destroyed, ...(await global.destroy(userId, ...unknown).catch(whileRedisUnavailable(() => [])))];
}
