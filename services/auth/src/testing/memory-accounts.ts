import type { Account, AccountStore, Grant, NewAccount } from '../accounts/account.ts';
import { isAdministrator } from '../accounts/authority.ts';
import { changesBetween, revocationFor } from '../accounts/change.ts';
import { type AuditRecord, userTarget } from '../audit/audit.ts';
import { AuthError } from '../errors.ts';

type User = NewAccount & Account;
type AccountQuery = Parameters<AccountStore['list']>[0];

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
  return { audited, ...readsOf(users), ...writesOf(users, audited) };
}

type Reads = Pick<AccountStore, 'findCredentials' | 'find' | 'activeVersion' | 'hasAdministrator' | 'list'>;
type Users = Map<string, User>;

function readsOf(users: Users): Reads {
  return {
    async findCredentials(email) {
      const user = sorted(users).find((candidate) => candidate.email === email);
      return user && credentialsOf(user);
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
      return sorted(users).some(isAdministrator);
    },
    async list(wanted) {
      return sorted(users).filter(fits(wanted)).slice(0, wanted.limit).map(visible);
    },
  };
}

function writesOf(users: Users, audited: AuditRecord[]): Omit<AccountStore, keyof Reads> {
  return {
    async create(account, actor) {
      assertAddressOnce(users, account);
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
      if (Object.keys(changes).length === 0 && passwordHash === user.passwordHash) {
        return { account: visible(user), owed: [] };
      }
      if (after === undefined) users.delete(userId);
      else {
        assertAddressOnce(users, { ...after, id: userId });
        users.set(userId, { ...user, ...after, id: userId, passwordHash, version: user.version + 1 });
      }
      audited.push({ actor, action, target: userTarget(userId), changes });
      const owed = revocation ?? revocationFor(user, after);
      const account = visible(users.get(userId) ?? user);
      return { account, owed: owed === undefined ? [] : [{ id: `owed-${audited.length}`, userId, ...owed }] };
    },
    async rehash(userId, stored, hash) {
      const user = users.get(userId);
      if (user?.passwordHash === stored) users.set(userId, { ...user, passwordHash: hash });
    },
  };
}

function sorted(users: Users): User[] {
  return [...users.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function assertAddressOnce(users: Users, { id, email }: Pick<Account, 'id' | 'email'>): void {
  const isTaken = sorted(users).some((user) => user.email === email && user.id !== id);
  if (isTaken) throw new AuthError('email_taken', 'taken');
}

function visible({ passwordHash: _, ...account }: User): Account {
  return account;
}

function credentialsOf({ id: userId, passwordHash, active, version }: User) {
  return { userId, passwordHash, active, version };
}

function fits({ emailPrefix = '', active, role, service, after = '' }: AccountQuery) {
  return (user: User): boolean =>
    user.id > after &&
    user.email.startsWith(emailPrefix) &&
    (active ?? user.active) === user.active &&
    (role === undefined || user.roles.includes(role)) &&
    (service === undefined || user.grants.some((grant) => grant.service === service));
}
