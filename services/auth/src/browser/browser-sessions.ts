import { type EndedSession, type RefreshStore, type Session, whileRedisUnavailable } from '@sekisho/sessions';
import { OWN_CLIENT } from '../login/access-grant.ts';
import { type FamilyContext, parseContext } from '../refresh/family-context.ts';
import { type FamilyInUse, refused } from '../refresh/refresh-tokens.ts';
import type { BrowserCookieFormat } from './browser-cookie.ts';

export interface BrowserSessionsOptions {
  readonly store: Pick<RefreshStore, 'begin' | 'find'>;
  readonly format: BrowserCookieFormat;
  /** Whether the session itself is refused by a revocation. */
  readonly isRevoked: (session: Session, clientId: string) => boolean;
  /** Text that nobody can guess: 256 bits. */
  readonly newSecret: () => string;
}

/** Sessions that a cookie stands for. All reject with LoginRefused, or SessionError `redis_unavailable`, `session_untold`. */
export interface BrowserSessions {
  /** The cookie of a session that has just begun. It dies with it. */
  begin(session: Session): Promise<string>;
  /** The live session of a cookie that we made. */
  open(cookie: string): Promise<FamilyInUse>;
  /** The session of a cookie that we made, to end it: also one that Redis lost, and may bring back, or cannot be asked for. */
  sessionOf(cookie: string): Promise<EndedSession | undefined>;
}

/** All that are granted but the administrators' API, as at the log-in. */
const CONTEXT: FamilyContext = { clientId: OWN_CLIENT };

/**
 * The secret is kept where that of refresh tokens is, in the session's own hash: a session that was begun by a cookie has no
 * refresh tokens, and one that has them no cookie, because what is made for one purpose is not genuine for another.
 */
export function createBrowserSessions({
  store,
  format,
  isRevoked,
  newSecret,
}: BrowserSessionsOptions): BrowserSessions {
  return {
    async begin({ userId, id: sessionId }) {
      const secret = newSecret();
      const family = { secret, context: JSON.stringify(CONTEXT) };
      if (!(await store.begin(userId, sessionId, family))) throw refused('session_over');
      return format.make({ userId, sessionId }, secret);
    },

    async open(cookie) {
      const read = format.read(cookie);
      // Whoever guesses costs no look-up.
      if (read?.isSealed() !== true) throw refused('token_unknown');
      const family = await store.find(read.userId, read.sessionId, 'unsaid');
      if (family === undefined) throw refused('session_over');
      if (!read.isGenuine(family.secret)) throw refused('token_unknown');
      const { session } = family;
      const context = parseContext(family.context);
      if (isRevoked(session, context.clientId)) throw refused('session_over');
      return { session, context };
    },

    async sessionOf(cookie) {
      const read = format.read(cookie);
      if (read?.isSealed() !== true) return undefined;
      const found = store.find(read.userId, read.sessionId);
      // As for one that is lost the seal will do: who logs in again is not kept waiting for the end of the session before.
      const family = await found.catch(whileRedisUnavailable(() => undefined));
      const isOurs = family === undefined || read.isGenuine(family.secret);
      return isOurs ? { id: read.sessionId, userId: read.userId } : undefined;
    },
  };
}
