import {
  type EndedSession,
  type RevocationReader,
  type Revoker,
  type Session,
  type SessionStore,
  whileRedisUnavailable,
} from '@sekisho/sessions';
import type { AuthMetrics, SessionEnd } from '../metrics.ts';

export interface SessionEndingsOptions {
  readonly sessions: SessionStore;
  readonly revoker: Pick<Revoker, 'revoke' | 'end'>;
  readonly revocations: Pick<RevocationReader, 'check'>;
  readonly metrics: Pick<AuthMetrics, 'sessionsDestroyed' | 'backchannelLogouts'>;
}

/**
 * The one way to end sessions: what is destroyed is refused before, so that tokens of it that Envoy would still accept are
 * not accepted for a moment longer, and the application that it is of is told. Each rejects with SessionError
 * `redis_unavailable`, and can be repeated then; who ends all of a user while a store is away that alone may know more has ended
 * those that are known.
 */
export interface SessionEndings {
  /** @returns whether the user had such a session */
  one(userId: string, sessionId: string, reason: SessionEnd): Promise<boolean>;
  /**
   * One that is known by something we signed or kept, so that it is or was the user's. When nobody knows it any more it is
   * refused all the same: Redis may have lost it in a failover, and may bring it back. So it is when nobody can be asked who
   * knows it, as one of another region while the line to that is cut.
   */
  proven(session: EndedSession, reason: SessionEnd): Promise<void>;
  /** @returns how many there were */
  all(userId: string, reason: SessionEnd, options?: { readonly except?: string }): Promise<number>;
  /**
   * Those that began in this region, when another one logs the user out, which may not know of them. None before all are known: it is
   * asked again and again, and would end what began since. @returns how many there were
   */
  begunIn(region: string, userId: string, options?: { readonly except?: string | undefined }): Promise<number>;
  /**
   * All, and whatever else was issued to the user until now: after it nothing from before is accepted anywhere.
   * @param options whether it is done with those that are known now. @default not
   */
  lockOut(userId: string, reason: SessionEnd, options?: { readonly onlyKnown?: boolean }): Promise<number>;
  /** Rejects while a store is away that alone may know some of the user's. */
  assertAllKnown(userId: string): Promise<void>;
  /** Those that have to go for a new one. */
  evicted(userId: string, sessions: readonly EndedSession[]): Promise<void>;
}

/** Of looks for sessions that began while the others were ended. */
const MAX_ROUNDS = 3;

export function createSessionEndings(options: SessionEndingsOptions): SessionEndings {
  const { sessions, revoker, revocations } = options;
  const { end, every } = stepsOf(options);
  const assertAllKnown = async (userId: string) => {
    const { away } = await sessions.listToEnd(userId);
    if (away !== undefined) throw away;
  };
  return {
    async one(userId, id, reason) {
      // Before it is refused: a session of somebody else is none.
      const session = await sessions.get(userId, id);
      if (session === undefined) return false;
      await end(userId, [session], reason);
      return true;
    },
    async all(userId, reason, { except } = {}) {
      // First, and by themselves: this region may not know of every session of the others.
      await revoker.revoke({ kind: 'logout', id: userId, except });
      return every(userId, reason, ({ id }) => id !== except);
    },
    async begunIn(region, userId, { except } = {}) {
      await assertAllKnown(userId);
      return every(userId, 'revoked', (session) => session.region === region && session.id !== except);
    },
    async proven(session, reason) {
      const { userId, id } = session;
      // Whoever cannot be asked may have it still, refused or not: until every reader is told it would bring tokens.
      const found = await sessions.get(userId, id).catch(whileRedisUnavailable(() => session));
      // By its name: it ended as it should, and everybody was told.
      if (found === undefined && revocations.check({ session: { id } })?.kind === 'session') return;
      await end(userId, [found ?? session], reason);
    },
    async lockOut(userId, reason, { onlyKnown = false } = {}) {
      await revoker.revoke({ kind: 'user', id: userId }, { kind: 'logout', id: userId });
      return every(userId, reason, () => true, onlyKnown);
    },
    assertAllKnown,
    evicted: async (userId, evicted) => void (await end(userId, evicted, 'evicted')),
  };
}

/** What every way of ending sessions is made of. */
interface Steps {
  /** Refused first: after a failure in between they are still there to be found again. @returns how many there were */
  end(userId: string, ending: readonly EndedSession[], reason: SessionEnd): Promise<number>;
  /** Those of the user that are meant, and those that began meanwhile. @returns how many there were */
  every(
    userId: string,
    reason: SessionEnd,
    isMeant: (session: Session) => boolean,
    onlyKnown?: boolean,
  ): Promise<number>;
}

function stepsOf({ sessions, revoker, metrics }: SessionEndingsOptions): Steps {
  const steps: Steps = {
    async end(userId, ending, reason) {
      const untold = await revoker.end(ending);
      for (let count = 0; count < untold; count += 1) metrics.backchannelLogouts.inc({ result: 'no_room' });
      const ended = await sessions.destroy(userId, ...ending.map(({ id }) => id));
      for (const _ of ended) metrics.sessionsDestroyed.inc({ reason });
      return ended.length;
    },
    async every(userId, reason, isMeant, onlyKnown = false) {
      let ended = 0;
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const { sessions: listed, away } = await sessions.listToEnd(userId);
        const ending = listed.filter(isMeant);
        if (ending.length > 0) ended += await steps.end(userId, ending, reason);
        // Those that nobody else knows are to be ended as well.
        if (away !== undefined && !onlyKnown) throw away;
        if (ending.length === 0) break;
      }
      return ended;
    },
  };
  return steps;
}
