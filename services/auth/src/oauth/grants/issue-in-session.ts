import type { Session } from '@sekisho/sessions';
import type { Account } from '../../accounts/account.ts';
import { type GrantDependencies, invalidGrant } from './context.ts';
import type { Origin } from './user-tokens.ts';

export interface SessionRequest {
  /** As it was read before, and decided on. */
  readonly account: Account;
  readonly clientId: string;
  readonly origin: Origin;
}

/**
 * Opens the application's session and issues for it. A session that is new is taken back when nothing can be issued, or
 * when the account was changed since it was read: whoever is deactivated loses the sessions that there are, and one that
 * begins at the same moment is not there yet. The change is then committed before this looks. It is no outage to come
 * back after, because the code that this is for is used up.
 * @throws invalid_grant
 */
export async function issueInSession(
  { logIns, sessions, accounts }: Pick<GrantDependencies, 'logIns' | 'sessions' | 'accounts'>,
  { account, clientId, origin }: SessionRequest,
  issue: (session: Session) => Promise<void>,
): Promise<Session> {
  const opened = await logIns.open({ userId: account.id, clientId, ...origin });
  if (opened === undefined) throw invalidGrant('the session of this log-in was ended');
  const { session, created } = opened;
  try {
    await issue(session);
    if ((await accounts.activeVersion(account.id)) === account.version) return session;
    throw invalidGrant('the account was changed meanwhile');
  } catch (error) {
    if (created) await sessions.destroy(account.id, session.id);
    throw error;
  }
}
