import type { Kysely, Selectable } from 'kysely';
import { guarded, isUniqueViolation } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';
import { AuthError } from '../errors.ts';
import type { Account, AccountStore, Grant, NewAccount } from './account.ts';

type Db = Kysely<Database>;

/** Accounts in PostgreSQL or PGlite. */
export function createSqlAccounts(db: Db): AccountStore {
  return {
    findCredentials: (email) =>
      guarded(
        db
          .selectFrom('users')
          .select(['id as userId', 'password_hash as passwordHash', 'active'])
          .where('email', '=', email)
          .executeTakeFirst(),
      ),
    find: (userId) => guarded(load(db, userId)),
    create: (account) => guarded(db.transaction().execute((tx) => insert(tx, account))),
    replaceGrants: (userId, grants) => guarded(db.transaction().execute((tx) => replace(tx, userId, grants))),
  };
}

async function load(db: Db, userId: string): Promise<Account | undefined> {
  const user = await db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst();
  if (user === undefined) return undefined;
  const grants = await db.selectFrom('grants').selectAll().where('user_id', '=', userId).orderBy('service').execute();
  const { id, email, active, roles, permissions, version } = user;
  return { id, email, active, roles, permissions, version, grants: grants.map(toGrant) };
}

async function insert(tx: Db, { passwordHash, grants, ...user }: NewAccount): Promise<Account> {
  try {
    await tx
      .insertInto('users')
      .values({ ...user, password_hash: passwordHash })
      .execute();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new AuthError('email_taken', 'another user has this e-mail address', { cause });
  }
  await insertGrants(tx, user.id, grants);
  return { ...user, grants, version: 1 };
}

async function replace(tx: Db, userId: string, grants: readonly Grant[]): Promise<Account | undefined> {
  // Also locks the row: two replacements at once happen one after the other.
  const changed = await tx
    .updateTable('users')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('id', '=', userId)
    .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) return undefined;
  await tx.deleteFrom('grants').where('user_id', '=', userId).execute();
  await insertGrants(tx, userId, grants);
  return load(tx, userId);
}

async function insertGrants(tx: Db, userId: string, grants: readonly Grant[]): Promise<void> {
  if (grants.length === 0) return;
  const rows = grants.map(({ service, permissions, expires }) => ({
    user_id: userId,
    service,
    permissions,
    expires: expires === undefined ? null : new Date(expires * 1000),
  }));
  await tx.insertInto('grants').values(rows).execute();
}

function toGrant({ service, permissions, expires }: Selectable<Database['grants']>): Grant {
  return { service, permissions, ...(expires !== null && { expires: Math.floor(expires.getTime() / 1000) }) };
}
