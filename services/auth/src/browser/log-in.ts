import type { Login, LoginRequest } from '../login/login.ts';
import type { SessionEndings } from '../sessions/session-endings.ts';
import type { BrowserSessions } from './browser-sessions.ts';

export interface BrowserLogInOptions {
  /** What it begins in place of a refresh token is the cookie. */
  readonly login: Login;
  readonly sessions: Pick<BrowserSessions, 'sessionOf'>;
  readonly endings: Pick<SessionEndings, 'proven'>;
  readonly clock: () => Date;
}

export interface LoggedIn {
  /** A new one at every log-in: one that was there before stands for nothing any more (session fixation). */
  readonly cookie: string;
  /** Seconds. */
  readonly maxAge: number;
}

/** Both reject with AuthError, LoginRefused among them, or SessionError `redis_unavailable`. */
export interface BrowserLogIns {
  /** @param previous the cookie that the browser had */
  logIn(request: Omit<LoginRequest, 'services'>, previous: string | undefined): Promise<LoggedIn>;
  /** Ends the session of a cookie of ours. */
  logOut(cookie: string): Promise<void>;
}

export function createBrowserLogIns({ login, sessions, endings, clock }: BrowserLogInOptions): BrowserLogIns {
  const logOut = async (cookie: string) => {
    const session = await sessions.sessionOf(cookie);
    if (session !== undefined) await endings.proven(session, 'logout');
  };
  return {
    async logIn(request, previous) {
      const { refreshToken: cookie, session } = await login(request);
      // Nobody could log out of it from this browser any more.
      if (previous !== undefined) await logOut(previous);
      return { cookie, maxAge: Math.floor((session.expiresAt - clock().getTime()) / 1000) };
    },
    logOut,
  };
}
