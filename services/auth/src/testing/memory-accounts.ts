import type { Account, AccountStore, NewAccount } from '../accounts/account.ts';
import { AuthError } from '../errors.ts';

/** Accounts in memory, as strict as the tables: unique addresses, nothing about an unknown user. */
export function memoryAccounts(...initial: NewAccount[]): AccountStore {
  const users = new Map<string, NewAccount & Account>();
  const put = (account: NewAccount) => users.set(account.id, { ...account, version: 1 });
  for (const account of initial) put(account);
  const visible = ({ passwordHash: _, ...account }: NewAccount & Account): Account => account;

  return {
    async findCredentials(email) {
      const user = [...users.values()].find((candidate) => candidate.email === email);
      return user && { userId: user.id, passwordHash: user.passwordHash, active: user.active };
    },
    async find(userId) {
      const user = users.get(userId);
      return user && visible(user);
    },
    async create(account) {
      if ([...users.values()].some((user) => user.email === account.email)) throw new AuthError('email_taken', 'taken');
      put(account);
      const { passwordHash: _, ...created } = account;
      return { ...created, version: 1 };
    },
    async replaceGrants(userId, grants) {
      const user = users.get(userId);
      if (user === undefined) return undefined;
      const changed = { ...user, grants, version: user.version + 1 };
      users.set(userId, changed);
      return visible(changed);
    },
  };
}
