import { randomUUID } from 'node:crypto';
import { deviceFingerprint, type Session, type SessionStore } from '@sekisho/sessions';

const WEEK_MS = 7 * 24 * 60 * 60 * 1_000;

/** Creating, prolonging and ending sessions in memory; what a test does not expect to be called rejects. */
export function memorySessions(clock: () => Date): SessionStore & { readonly live: ReadonlyMap<string, Session> } {
  const live = new Map<string, Session>();
  const unexpected = () => Promise.reject(new Error('this call was not expected'));
  return {
    live,
    async create(from) {
      const now = clock().getTime();
      const times = { createdAt: now, lastAccessedAt: now, expiresAt: now + WEEK_MS };
      const session = { ...from, ...times, id: randomUUID(), fingerprint: deviceFingerprint(from.device) };
      live.set(session.id, session);
      return session;
    },
    destroy: async (_, id) => live.delete(id),
    get: unexpected,
    async touch(userId, id) {
      const session = live.get(id);
      const now = clock().getTime();
      if (session?.userId !== userId || session.expiresAt <= now) return undefined;
      const touched = { ...session, lastAccessedAt: now, expiresAt: now + WEEK_MS };
      live.set(id, touched);
      return touched;
    },
    destroyAll: unexpected,
    list: async (userId) => [...live.values()].filter((session) => session.userId === userId),
    ownerOf: unexpected,
  };
}
