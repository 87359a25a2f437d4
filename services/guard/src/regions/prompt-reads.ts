import type { Clock } from '@sekisho/kube';
import { type Provenance, type Session, SessionError, type SessionStore } from '@sekisho/sessions';

export interface PromptReadsOptions {
  readonly sessions: Pick<SessionStore, 'get'>;
  readonly clock: Clock;
  /** Milliseconds until a read is given up by who waits for it. */
  readonly withinMs: number;
}

/**
 * Reads of sessions that answer in time, with SessionError `redis_unavailable` if need be. The line to the global store may take
 * longer than Envoy waits: the look-up goes on, and leaves the session in this region's store for who asks again.
 */
export function createPromptReads({ sessions, clock, withinMs }: PromptReadsOptions): Pick<SessionStore, 'get'> {
  const running = new Map<string, Promise<Session | undefined>>();
  const read = (userId: string, id: string, from: Provenance | undefined): Promise<Session | undefined> => {
    const key = `${userId} ${id}`;
    const joined = running.get(key);
    if (joined !== undefined) return joined;
    const started = sessions.get(userId, id, from).finally(() => running.delete(key));
    // Perhaps nobody waits for it any more when it fails.
    started.catch(() => undefined);
    running.set(key, started);
    return started;
  };
  return {
    async get(userId, id, from) {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const cancel = clock.after(withinMs, () => reject(new SessionError('redis_unavailable', TOO_LATE)));
      try {
        return await Promise.race([read(userId, id, from), late]);
      } finally {
        cancel();
      }
    },
  };
}

const TOO_LATE = 'no store answered in time whether the session lives';
