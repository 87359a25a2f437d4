import type { Actor } from '../audit/audit.ts';
import { AuthError } from '../errors.ts';
import type { Authenticate } from '../login/login.ts';
import type { PasswordHasher } from '../passwords/hasher.ts';
import { acceptPassword } from '../passwords/new-password.ts';
import type { AccountStore } from './account.ts';
import { known, type Outcome, outcomeOf } from './administration.ts';
import type { RevocationOutbox } from './revocation-outbox.ts';

export interface OwnPasswordOptions {
  readonly accounts: AccountStore;
  readonly passwords: PasswordHasher;
  readonly outbox: Pick<RevocationOutbox, 'make'>;
  readonly authenticate: Authenticate;
}

export interface PasswordChange {
  readonly current: string;
  readonly password: string;
  readonly ip: string;
}

/** A user's own change of password: the current one is checked, and counted, as at log-in; the other sessions end. */
export type ChangeOwnPassword = (by: Actor, change: PasswordChange) => Promise<Outcome>;

/** Rejects with AuthError `password_weak`, `request_invalid`, and as `authenticate` does. */
export function createChangeOwnPassword(options: OwnPasswordOptions): ChangeOwnPassword {
  const { accounts, passwords, outbox, authenticate } = options;
  return async (by, { current, password, ip }) => {
    const { id, email } = known(await accounts.find(by.subject));
    const accepted = acceptPassword(password, email, '/password');
    const checked = await authenticate({ email, password: current, ip });
    const passwordHash = await passwords.hash(accepted);
    const keptSession = by.session !== undefined && { keptSession: by.session };
    const changed = await accounts.change(id, by, (account) => {
      // Else the password that was just checked may not be the current one any more.
      if (account.id !== checked.id || account.version !== checked.version) {
        throw new AuthError('version_conflict', 'the account was changed meanwhile: try again');
      }
      return {
        action: 'password.changed',
        after: account,
        passwordHash,
        revocation: { scope: 'sessions', ...keptSession },
      };
    });
    return outcomeOf(outbox, known(changed));
  };
}
