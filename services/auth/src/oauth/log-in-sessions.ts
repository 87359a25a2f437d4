import type { Device, EndedSession, Session, SessionStore } from '@sekisho/sessions';
import type { AuthMetrics } from '../metrics.ts';
import type { BrowserSessions } from './store/browser-sessions.ts';

/**
 * Ends a session that is or was the user's, and everything that was issued for it.
 * @param clientId whose it was, where that is known: it is told, also when Redis lost the session
 */
export type EndSession = (userId: string, sessionId: string, clientId?: string) => Promise<void>;

export interface LogInSessionsOptions {
  readonly sessions: SessionStore;
  readonly browsers: BrowserSessions;
  readonly endSession: EndSession;
  /** By its id: one that was ended may come back when Redis fails over, and must not be prolonged then. */
  readonly isRevoked: (sessionId: string) => boolean;
  readonly metrics: Pick<AuthMetrics, 'sessionsCreated'>;
}

export interface LogIn {
  readonly userId: string;
  readonly clientId: string;
  readonly device: Device;
  readonly ip: string;
  /** None for a device, whose log-in is not the browser's that allowed it. */
  readonly browser?: string;
}

export interface Opened {
  readonly session: Session;
  readonly created: boolean;
}

/**
 * An application's session: one for each application in each browser, one for each device. Which ones a browser has is kept in the region
 * where they began, and nowhere else. So one that no store in reach knows is over: unlike of a refresh token, which may come from anywhere,
 * no other region could tell more (SessionError `session_untold`), and nobody is kept waiting for one.
 */
export interface LogInSessions {
  /** The session of this application in this browser, or a new one; undefined when it was ended since the log-in. */
  open(logIn: LogIn): Promise<Opened | undefined>;
  /** Whether none of the browser's sessions was ended elsewhere: else nobody gets in by its cookie any more. */
  isLive(userId: string, browser: string): Promise<boolean>;
  /** Forgets those that were ended elsewhere, after the password was given again. */
  prune(userId: string, browser: string): Promise<void>;
  /** Refuses a session that an id token names, when nobody knows it any more: Redis may have lost it, and may bring it back. */
  refuseLost(session: EndedSession): Promise<void>;
  /** Ends a session that an id token names, whichever browser has it. */
  endNamed(session: EndedSession): Promise<void>;
  /** Ends a browser's sessions: all of them, or that of one application. */
  end(userId: string, browser: string, clientId?: string): Promise<void>;
}

export function createLogInSessions(options: LogInSessionsOptions): LogInSessions {
  const { sessions, browsers, endSession, isRevoked } = options;
  const isOpen = async (userId: string, id: string) => !isRevoked(id) && (await sessions.get(userId, id)) !== undefined;

  const ended = async (userId: string, browser: string) => {
    const linked = await browsers.linked(browser);
    const states = await Promise.all(
      [...linked].map(async ([clientId, id]) => ({ clientId, live: await isOpen(userId, id) })),
    );
    return states.filter(({ live }) => !live).map(({ clientId }) => clientId);
  };

  return {
    open: createOpen(options),
    isLive: async (userId, browser) => (await ended(userId, browser)).length === 0,
    async refuseLost({ userId, id, clientId }) {
      if ((await sessions.get(userId, id)) === undefined) await endSession(userId, id, clientId);
    },
    endNamed: ({ userId, id, clientId }) => endSession(userId, id, clientId),
    prune: async (userId, browser) => browsers.forget(browser, await ended(userId, browser)),
    async end(userId, browser, clientId) {
      const linked = await browsers.linked(browser);
      const ending = [...linked].filter(([id]) => clientId === undefined || id === clientId);
      await Promise.all(ending.map(([application, sessionId]) => endSession(userId, sessionId, application)));
      await browsers.forget(
        browser,
        ending.map(([id]) => id),
      );
    },
  };
}

function createOpen({ sessions, browsers, isRevoked, metrics }: LogInSessionsOptions): LogInSessions['open'] {
  const create = async ({ userId, clientId, device, ip }: LogIn): Promise<Opened> => {
    const session = await sessions.create({ userId, clientId, device, ip });
    metrics.sessionsCreated.inc();
    return { session, created: true };
  };

  const reopen = async (userId: string, id: string): Promise<Opened | undefined> => {
    const session = isRevoked(id) ? undefined : await sessions.touch(userId, id);
    return session && { session, created: false };
  };

  const openInBrowser = async (logIn: LogIn, browser: string): Promise<Opened | undefined> => {
    const { userId, clientId } = logIn;
    const known = (await browsers.linked(browser)).get(clientId);
    // One that was ended stays linked until the password is given again: a code from before brings no other.
    if (known !== undefined) return reopen(userId, known);
    const created = await create(logIn);
    const linked = await browsers.link(browser, clientId, created.session.id);
    if (linked === created.session.id) return created;
    // Another request of the same application was faster.
    await sessions.destroy(userId, created.session.id);
    return reopen(userId, linked);
  };

  return (logIn) => (logIn.browser === undefined ? create(logIn) : openInBrowser(logIn, logIn.browser));
}
