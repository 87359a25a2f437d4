import { randomUUID } from 'node:crypto';
import { deviceFingerprint, SESSION_TTL_MS, type Session, type SessionStore } from '@sekisho/sessions';

/** Sessions in memory, as strict as the store: another user's, or one that is over, is none. */
export function memorySessions(clock: () => Date): SessionStore & { readonly live: ReadonlyMap<string, Session> } {
  const live = new Map<string, Session>();
  const of = (userId: string) =>
    [...live.values()].filter((session) => session.userId === userId && session.expiresAt > clock().getTime());
  const find = (userId: string, id: string) => of(userId).find((session) => session.id === id);
  const destroy = (userId: string, id: string) => find(userId, id) !== undefined && live.delete(id);
  const list = (userId: string) => of(userId).toSorted((one, other) => other.lastAccessedAt - one.lastAccessedAt);
  return {
    live,
    async create(from) {
      const now = clock().getTime();
      const times = { createdAt: now, lastAccessedAt: now, expiresAt: now + SESSION_TTL_MS };
      const session = { ...from, ...times, id: randomUUID(), fingerprint: deviceFingerprint(from.device) };
      live.set(session.id, session);
      return session;
    },
    get: async (userId, id) => find(userId, id),
    async touch(userId, id) {
      const session = find(userId, id);
      if (session === undefined) return undefined;
      const now = clock().getTime();
      const touched = { ...session, lastAccessedAt: now, expiresAt: now + SESSION_TTL_MS };
      live.set(id, touched);
      return touched;
    },
    destroy: async (userId, ...ids) => ids.filter((id) => destroy(userId, id)),
    list: async (userId) => list(userId),
    listToEnd: async (userId) => ({ sessions: list(userId) }),
    ownerOf: async (id) => live.get(id)?.userId,
  };
}
