import type { Account, AccountStore, Grant, NewAccount } from '../accounts/account.ts';
import { isAdministrator } from '../accounts/authority.ts';
import { changesBetween, revocationFor } from '../accounts/change.ts';
import { type AuditRecord, userTarget } from '../audit/audit.ts';
import { AuthError } from '../errors.ts';

type User = NewAccount & Account;

export interface MemoryAccounts extends AccountStore {
  readonly audited: readonly AuditRecord[];
}

/** Grants as an administrator would set them. */
export async function setGrants(accounts: AccountStore, userId: string, grants: readonly Grant[]): Promise<void> {
  const by = { subject: 'system:test', requestId: 'test' };
  await accounts.change(userId, by, (account) => ({ action: 'grants.changed', after: { ...account, grants } }));
}

/** Accounts in memory, as strict as the tables: unique addresses, nothing about an unknown user. */
export function memoryAccounts(...initial: NewAccount[]): MemoryAccounts {
  const users = new Map<string, User>(initial.map((account) => [account.id, { ...account, version: 1 }]));
  const audited: AuditRecord[] = [];
  const visible = ({ passwordHash: _, ...account }: User): Account => account;
  const sorted = () => [...users.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const assertAddressOnce = ({ id, email }: Pick<Account, 'id' | 'email'>) => {
    if (sorted().some((user) => user.email === email && user.id !== id)) throw new AuthError('email_taken', 'taken');
  };

  return {
    audited,
    async findCredentials(email) {
      const user = sorted().find((candidate) => candidate.email === email);
      if (user === undefined) return undefined;
      const { id: userId, passwordHash, active, version } = user;
      return { userId, passwordHash, active, version };
    },
    async find(userId) {
      const user = users.get(userId);
      return user && visible(user);
    },
    async activeVersion(userId) {
      const user = users.get(userId);
      return user?.active ? user.version : undefined;
    },
    async hasAdministrator() {
      return sorted().some(isAdministrator);
    },
    async list({ emailPrefix = '', active, role, service, after = '', limit }) {
      return sorted()
        .filter((user) => user.email.startsWith(emailPrefix) && (active ?? user.active) === user.active)
        .filter((user) => role === undefined || user.roles.includes(role))
        .filter((user) => service === undefined || user.grants.some((grant) => grant.service === service))
        .filter((user) => user.id > after)
        .slice(0, limit)
        .map(visible);
    },
    async create(account, actor) {
      assertAddressOnce(account);
      users.set(account.id, { ...account, version: 1 });
      const changes = changesBetween(undefined, account);
      audited.push({ actor, action: 'user.created', target: userTarget(account.id), changes });
      const { passwordHash: _, ...created } = account;
      return { ...created, version: 1 };
    },
    async change(userId, actor, decide) {
      const user = users.get(userId);
      if (user === undefined) return undefined;
      const { action, after, passwordHash = user.passwordHash, revocation } = decide(visible(user));
      const changes = changesBetween(user, after);
      if (Object.keys(changes).length === 0 && passwordHash === user.passwordHash) return { account: visible(user) };
      if (after === undefined) users.delete(userId);
      else {
        assertAddressOnce({ ...after, id: userId });
        users.set(userId, { ...user, ...after, id: userId, passwordHash, version: user.version + 1 });
      }
      audited.push({ actor, action, target: userTarget(userId), changes });
      const owed = revocation ?? revocationFor(user, after);
      const account = visible(users.get(userId) ?? user);
      return { account, ...(owed !== undefined && { owed: { id: `owed-${audited.length}`, userId, ...owed } }) };
    },
    async rehash(userId, stored, hash) {
      const user = users.get(userId);
      if (user?.passwordHash === stored) users.set(userId, { ...user, passwordHash: hash });
    },
  };
}
