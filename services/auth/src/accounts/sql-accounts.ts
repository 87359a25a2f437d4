import { type Kysely, sql } from 'kysely';
import { type Actor, userTarget } from '../audit/audit.ts';
import { recordAudit } from '../audit/sql-audit.ts';
import { compiledOnce } from '../database/compiled.ts';
import { guarded } from '../database/guard.ts';
import { type FindAll, lookUpTogether } from '../database/look-up-together.ts';
import type { Database } from '../database/schema.ts';
import type { Account, AccountStore, NewAccount, UserQuery } from './account.ts';
import { changesBetween } from './change.ts';
import { administrators, changeAccount } from './sql-change.ts';
import { accountsByIds, addressOnce, allWithGrants, fromAccountRow, insertGrants } from './sql-rows.ts';

type Db = Kysely<Database>;

/** As the database writes one; it reads more. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NOBODY: readonly string[] = [];

/**
 * Accounts in PostgreSQL or PGlite.
 * @param reads where single statements that read are asked; see OpenDatabase. @default db
 * @param agedReads where that is asked which a replica of any age may answer. @default reads
 */
export function createSqlAccounts(db: Db, reads = db, agedReads = reads): AccountStore {
  const find = lookUpTogether(accountsById(reads));
  const credentials = compiledOnce(reads, '', (email) => credentialsByEmail(reads, email));
  const activeVersion = compiledOnce(reads, '', (userId) => versionOfActive(reads, userId));
  return {
    findCredentials: (email) => guarded(credentials(email).then(([row]) => row)),
    // What is no UUID names nobody, and would fail all who ask at the same time.
    find: async (userId) => (UUID.test(userId) ? guarded(find(userId.toLowerCase())) : undefined),
    activeVersion: (userId) => guarded(activeVersion(userId).then(([row]) => row?.version)),
    // Whatever has become of that one: a start must not fail by it.
    hasAdministrator: async () => (await guarded(administrators(agedReads).executeTakeFirst())) !== undefined,
    list: (query) => guarded(list(reads, query)),
    create: (account, by) => guarded(db.transaction().execute((tx) => insert(tx, account, by))),
    change: (userId, by, decide) =>
      guarded(db.transaction().execute((tx) => changeAccount(tx, { userId, by, decide }))),
    async rehash(userId, stored, hash) {
      const update = db.updateTable('users').set({ password_hash: hash });
      await guarded(update.where('id', '=', userId).where('password_hash', '=', stored).execute());
    },
  };
}

function accountsById(db: Db): FindAll<Account> {
  const ask = compiledOnce(db, NOBODY, (ids: readonly string[]) => accountsByIds(db, ids));
  return async (ids) => new Map((await ask(ids)).map((row) => [row.id, fromAccountRow(row)]));
}

function credentialsByEmail(db: Db, email: string) {
  const columns = ['id as userId', 'password_hash as passwordHash', 'active', 'version'] as const;
  return db.selectFrom('users').select(columns).where('email', '=', email);
}

function versionOfActive(db: Db, userId: string) {
  return db.selectFrom('users').select('version').where('active', 'is', true).where('id', '=', userId);
}

/** Versions of those of the users that are active. Rejects with AuthError `unavailable`. */
export function activeVersionsAt(db: Db): (userIds: readonly string[]) => Promise<ReadonlyMap<string, number>> {
  return async (userIds) => {
    const active = db.selectFrom('users').select(['id', 'version']).where('active', 'is', true);
    const rows = await guarded(active.where('id', 'in', userIds).execute());
    return new Map(rows.map(({ id, version }) => [id, version]));
  };
}

async function list(db: Db, query: UserQuery): Promise<readonly Account[]> {
  return allWithGrants(db, await filtered(db, query).orderBy('id').limit(query.limit).execute());
}

function filtered(db: Db, { emailPrefix, active, role, service, after }: UserQuery) {
  const grantsThere = db
    .selectFrom('grants')
    .select('user_id')
    .where('service', '=', service ?? '');
  return (
    db
      .selectFrom('users')
      .selectAll()
      // No pattern: a prefix may hold what LIKE takes for one.
      .$if(emailPrefix !== undefined, (users) => users.where(sql<boolean>`starts_with(email, ${emailPrefix})`))
      .$if(active !== undefined, (users) => users.where('active', '=', active ?? true))
      .$if(role !== undefined, (users) => users.where(sql<boolean>`roles @> array[${role}]::text[]`))
      .$if(service !== undefined, (users) => users.where('id', 'in', grantsThere))
      .$if(after !== undefined, (users) => users.where('id', '>', after ?? ''))
  );
}

async function insert(tx: Db, { passwordHash, grants, ...user }: NewAccount, by: Actor): Promise<Account> {
  const row = { ...user, password_hash: passwordHash };
  await addressOnce(tx.insertInto('users').values(row).execute());
  await insertGrants(tx, user.id, grants);
  const changes = changesBetween(undefined, { ...user, grants });
  await recordAudit(tx, { actor: by, action: 'user.created', target: userTarget(user.id), changes });
  return { ...user, grants, version: 1 };
}
