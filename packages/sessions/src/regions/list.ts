import type { RedisClient } from '../connection.ts';
import { isRedisUnavailable, type SessionError, unlessDamaged, whileRedisUnavailable } from '../errors.ts';
import { sessionKeys } from '../keys.ts';
import { items, strings } from '../replies.ts';
import { fromFields, type Session, toMap } from '../session.ts';
import type { SessionStore, SessionsToEnd, StoreAt } from '../store.ts';
import type { LocalFirst } from './availability.ts';
import { mergeReplicas } from './merge.ts';
import { hasEnded, moveReplica, type Replica, readReplicaOf, writeReplica } from './replica.ts';
import { STATES } from './state-scripts.ts';

export interface RegionalListOptions {
  readonly local: { readonly redis: RedisClient };
  readonly global: { readonly redis: RedisClient; readonly store: Pick<StoreAt, 'list'> };
  readonly clock: () => Date;
  readonly prefix?: string;
  readonly localFirst: LocalFirst;
}

/** What a store knows of a user's sessions, by id. */
type Replicas = ReadonlyMap<string, Replica>;

const NOTHING = { readAt: 0, replicas: new Map<string, Replica>() };

/**
 * A user's sessions as both stores together know them; as this region knows them while the global store is away. While the one of this
 * region is away the other one may not have been told of all that began here.
 */
export function createRegionalLists(options: RegionalListOptions): Pick<SessionStore, 'list' | 'listToEnd'> {
  const { local, global, clock, prefix = 'sk', localFirst } = options;
  const keys = sessionKeys(prefix);
  const now = () => clock().getTime();

  async function read(redis: RedisClient, userId: string, ids: readonly string[]) {
    const reply = await STATES.run(redis, [keys.ofUser(userId)], [keys.sessionPrefix(userId), ...ids]);
    const [readAt, rows] = items(reply);
    return { readAt: Number(readAt), replicas: toReplicas(userId, rows) };
  }

  async function readGlobal(userId: string, ids: readonly string[]): Promise<Replicas> {
    const { readAt, replicas } = await read(global.redis, userId, ids).catch(whileRedisUnavailable(() => NOTHING));
    return new Map([...replicas].map(([id, replica]) => [id, moveReplica(replica, readAt, now())]));
  }

  async function listBoth(userId: string): Promise<Session[]> {
    const known = (await read(local.redis, userId, [])).replicas;
    // Asked for by their ids too: one that is listed here may have ended there.
    const theirs = await readGlobal(userId, [...known.keys()]);
    const unlisted = [...theirs.keys()].filter((id) => !known.has(id));
    const ours = unlisted.length === 0 ? known : (await read(local.redis, userId, unlisted)).replicas;
    const merged = [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((id) => {
      const replicas = [ours.get(id), theirs.get(id)].filter((replica) => replica !== undefined);
      return replicas.length === 0 ? [] : [replicas.reduce(mergeReplicas)];
    });
    return merged.flatMap((replica) => toSession(replica, now())).toSorted(byAccess);
  }

  async function listToEnd(userId: string): Promise<SessionsToEnd> {
    let away: SessionError | undefined;
    const sessions = await localFirst(
      () =>
        listBoth(userId).catch((error: unknown) => {
          if (isRedisUnavailable(error)) away = error;
          throw error;
        }),
      () => global.store.list(userId),
    );
    return { sessions, ...(away !== undefined && { away }) };
  }

  return { list: async (userId) => [...(await listToEnd(userId)).sessions], listToEnd };
}

function toReplicas(userId: string, rows: unknown): Replicas {
  const replicas = new Map<string, Replica>();
  for (const row of items(rows)) {
    const [id, fields] = items(row);
    const sessionId = String(id);
    const replica = unlessDamaged(() => readReplicaOf({ userId, sessionId }, toMap(strings(fields))));
    if (replica !== undefined) replicas.set(sessionId, replica);
  }
  return replicas;
}

function toSession(replica: Replica, now: number): Session[] {
  if (hasEnded(replica) || replica.expiresAt <= now) return [];
  const session = unlessDamaged(() => fromFields(writeReplica(replica)));
  return session === undefined ? [] : [session];
}

function byAccess(one: Session, other: Session): number {
  return other.lastAccessedAt - one.lastAccessedAt;
}
