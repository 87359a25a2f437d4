import { type ExpressionBuilder, type Kysely, type Selectable, sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import { isUniqueViolation } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';
import { AuthError } from '../errors.ts';
import type { Account, Grant } from './account.ts';

type Db = Kysely<Database>;

export type UserRow = Selectable<Database['users']>;
type Profile = Omit<UserRow, 'password_hash' | 'created_at'>;

/** In one round trip: every log-in and refresh reads an account. */
export function accountsByIds(db: Db, userIds: readonly string[]) {
  return db
    .selectFrom('users')
    .select(['id', 'email', 'active', 'roles', 'permissions', 'version'])
    .select((eb) => jsonArrayFrom(grantsOfUser(eb)).as('grants'))
    .where(sql<boolean>`id = any(${userIds}::text[]::uuid[])`);
}

type AccountRow = Profile & { readonly grants: readonly (Omit<Grant, 'expires'> & { expires: number | null })[] };

export function fromAccountRow({ grants, ...user }: AccountRow): Account {
  return toAccount(
    user,
    grants.map(({ expires, ...grant }) => ({ ...grant, ...(expires !== null && { expires }) })),
  );
}

function grantsOfUser(users: ExpressionBuilder<Database, 'users'>) {
  return users
    .selectFrom('grants')
    .select(['service', 'permissions', sql<number | null>`floor(extract(epoch from expires))`.as('expires')])
    .whereRef('user_id', '=', 'users.id')
    .orderBy('service');
}

export async function withGrants(db: Db, user: UserRow): Promise<Account> {
  const [account] = await allWithGrants(db, [user]);
  return account ?? toAccount(user, []);
}

/** One more query for all of them, not one for each. */
export async function allWithGrants(db: Db, users: readonly UserRow[]): Promise<readonly Account[]> {
  if (users.length === 0) return [];
  const ids = users.map(({ id }) => id);
  const rows = await db.selectFrom('grants').selectAll().where('user_id', 'in', ids).orderBy('service').execute();
  const byUser = Map.groupBy(rows, (row) => row.user_id);
  return users.map((user) => toAccount(user, byUser.get(user.id)?.map(toGrant) ?? []));
}

export async function insertGrants(tx: Db, userId: string, grants: readonly Grant[]): Promise<void> {
  if (grants.length === 0) return;
  const rows = grants.map(({ service, permissions, expires }) => ({
    user_id: userId,
    service,
    permissions,
    expires: expires === undefined ? null : new Date(expires * 1000),
  }));
  await tx.insertInto('grants').values(rows).execute();
}

/** @throws AuthError `email_taken` */
export async function addressOnce<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new AuthError('email_taken', 'another user has this e-mail address', { cause, field: '/email' });
  }
}

function toAccount({ id, email, active, roles, permissions, version }: Profile, grants: readonly Grant[]): Account {
  return { id, email, active, roles, permissions, version, grants };
}

function toGrant({ service, permissions, expires }: Selectable<Database['grants']>): Grant {
  return { service, permissions, ...(expires !== null && { expires: Math.floor(expires.getTime() / 1000) }) };
}
