import type { Minted } from '@sekisho/tokens';
import { LoginRefused } from '../login/login.ts';
import type { PresentAccess } from '../refresh/present-access.ts';
import { refused } from '../refresh/refresh-tokens.ts';
import type { BrowserSessions } from './browser-sessions.ts';

/**
 * An access token of the session that a cookie stands for.
 * Rejects with LoginRefused `session_expired`, or AuthError and SessionError when something it needs is away.
 */
export type BrowserAccess = (cookie: string) => Promise<Minted>;

export function createBrowserAccess(
  sessions: Pick<BrowserSessions, 'open'>,
  presentAccess: PresentAccess,
): BrowserAccess {
  return async (cookie) => {
    const family = await sessions.open(cookie);
    try {
      return await presentAccess(family);
    } catch (error) {
      // A new log-in tells the person; `permission_missing` would tell the guard that it may not ask.
      throw error instanceof LoginRefused && error.reason === 'not_granted' ? refused('not_granted') : error;
    }
  };
}
