import type { Login, LoginRequest } from '../login/login.ts';
import type { SessionEndings } from '../sessions/session-endings.ts';
import type { BrowserSessions } from './browser-sessions.ts';

export interface BrowserLogInOptions {
  /** What it begins in place of a refresh token is the cookie. */
  readonly login: Login;
  readonly sessions: Pick<BrowserSessions, 'sessionOf'>;
  readonly endings: Pick<SessionEndings, 'proven'>;
}

/** Both reject with AuthError, LoginRefused among them, or SessionError `redis_unavailable`. */
export interface BrowserLogIns {
  /**
   * @param previous the cookies that the browser had
   * @returns a new one at every log-in: one that was there before stands for nothing any more (session fixation)
   */
  logIn(request: Omit<LoginRequest, 'services'>, previous: readonly string[]): Promise<string>;
  /** Ends the sessions of those cookies that are ours. */
  logOut(cookies: readonly string[]): Promise<void>;
}

export function createBrowserLogIns({ login, sessions, endings }: BrowserLogInOptions): BrowserLogIns {
  const logOut = async (cookies: readonly string[]) => {
    for (const cookie of cookies) {
      const session = await sessions.sessionOf(cookie);
      if (session !== undefined) await endings.proven(session, 'logout');
    }
  };
  return {
    async logIn(request, previous) {
      const { refreshToken: cookie } = await login(request);
      // Nobody could log out of it from this browser any more.
      await logOut(previous);
      return cookie;
    },
    logOut,
  };
}
