import type { Revoker, SessionStore } from '@sekisho/sessions';
import type { AuthMetrics, SessionEnd } from '../metrics.ts';

export interface SessionEndingsOptions {
  readonly sessions: SessionStore;
  readonly revoker: Pick<Revoker, 'revoke'>;
  readonly metrics: Pick<AuthMetrics, 'sessionsDestroyed'>;
}

/**
 * The one way to end sessions: what is destroyed is revoked too, so that tokens of it that Envoy would still accept are
 * refused at once. Each rejects with SessionError `redis_unavailable`, and can be repeated then.
 */
export interface SessionEndings {
  /** @returns whether the user had such a session */
  one(userId: string, sessionId: string, reason: SessionEnd): Promise<boolean>;
  /** @returns how many there were */
  all(userId: string, reason: SessionEnd, options?: { readonly except?: string }): Promise<number>;
  /** All, and whatever else was issued to the user until now: after it nothing from before is accepted anywhere. */
  lockOut(userId: string, reason: SessionEnd): Promise<number>;
  /** Those that the store itself ended. */
  evicted(userId: string, sessionIds: readonly string[]): Promise<void>;
}

export function createSessionEndings({ sessions, revoker, metrics }: SessionEndingsOptions): SessionEndings {
  const revoke = (ids: readonly string[]) => revoker.revoke(...ids.map((id) => ({ kind: 'session', id }) as const));
  const count = (ended: readonly string[], reason: SessionEnd) => {
    for (const _ of ended) metrics.sessionsDestroyed.inc({ reason });
  };

  async function all(userId: string, reason: SessionEnd, { except }: { except?: string } = {}): Promise<number> {
    const listed = (await sessions.list(userId)).map(({ id }) => id).filter((id) => id !== except);
    // First: after a failure in between they are still there to be found again.
    await revoke(listed);
    const ended = await sessions.destroyAll(userId, except === undefined ? {} : { except });
    count(ended, reason);
    // Those that began meanwhile.
    await revoke(ended.filter((id) => !listed.includes(id)));
    return ended.length;
  }

  return {
    all,
    async one(userId, id, reason) {
      // Before it is revoked: a session of somebody else is none.
      if ((await sessions.get(userId, id)) === undefined) return false;
      await revoke([id]);
      if (await sessions.destroy(userId, id)) count([id], reason);
      return true;
    },
    async lockOut(userId, reason) {
      await revoker.revoke({ kind: 'user', id: userId });
      return all(userId, reason);
    },
    async evicted(_, ids) {
      count(ids, 'evicted');
      await revoke(ids);
    },
  };
}
