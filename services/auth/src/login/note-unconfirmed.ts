import type { AccountStore } from '../accounts/account.ts';
import type { Authenticate } from './login.ts';
import type { UnconfirmedLogIn, UnconfirmedLogIns } from './unconfirmed-log-ins.ts';

export interface NotingOptions {
  /** Grows with each statement that a replica of the database answers, whoever asks. */
  readonly believed: () => number;
  readonly logIns: Pick<UnconfirmedLogIns, 'note'>;
}

/**
 * A replica may show the password, or the account, of before a change. Whoever gets in while one is read is noted before they are in:
 * somebody else's statement at the same time is reason enough.
 */
export function notingAuthenticate(options: NotingOptions, authenticate: Authenticate): Authenticate {
  return (attempt) =>
    noting(
      options,
      () => authenticate(attempt),
      ({ id: userId, version }) => ({ userId, version }),
    );
}

/** The same of every session that begins: `activeVersion` is the last that is asked for it. */
export function notingAccounts(options: NotingOptions, accounts: AccountStore): AccountStore {
  return {
    ...accounts,
    activeVersion: (userId) =>
      noting(
        options,
        () => accounts.activeVersion(userId),
        (version) => (version === undefined ? undefined : { userId, version }),
      ),
  };
}

async function noting<T>(
  { believed, logIns }: NotingOptions,
  ask: () => Promise<T>,
  logInOf: (answer: T) => UnconfirmedLogIn | undefined,
): Promise<T> {
  const before = believed();
  const answer = await ask();
  const logIn = logInOf(answer);
  if (logIn !== undefined && believed() !== before) await logIns.note(logIn);
  return answer;
}
