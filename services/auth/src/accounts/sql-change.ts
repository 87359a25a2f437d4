import { type Kysely, sql } from 'kysely';
import { type Actor, userTarget } from '../audit/audit.ts';
import { recordAudit } from '../audit/sql-audit.ts';
import type { Database } from '../database/schema.ts';
import { AuthError } from '../errors.ts';
import {
  type Account,
  type AccountChange,
  AUDIENCE,
  type ChangedAccount,
  type OwedRevocation,
  type Revocation,
} from './account.ts';
import { ADMINISTRATOR, isAdministrator } from './authority.ts';
import { changesBetween, revocationFor } from './change.ts';
import { owedOf } from './sql-outbox.ts';
import { addressOnce, insertGrants, withGrants } from './sql-rows.ts';

type Db = Kysely<Database>;

export interface RequestedChange {
  readonly userId: string;
  readonly by: Actor;
  readonly decide: (account: Account) => AccountChange;
}

/** A change with its audit record and the revocation it owes, in the transaction of the caller. */
export async function changeAccount(
  tx: Db,
  { userId, by, decide }: RequestedChange,
): Promise<ChangedAccount | undefined> {
  const user = await tx.selectFrom('users').selectAll().where('id', '=', userId).forUpdate().executeTakeFirst();
  if (user === undefined) return undefined;
  const before = await withGrants(tx, user);
  const change = decide(before);
  const changes = changesBetween(before, change.after);
  // Who repeats a change is not told that it is done while what it owes is not.
  if (Object.keys(changes).length === 0 && change.passwordHash === undefined) {
    return { account: before, owed: await owedOf(tx, userId) };
  }

  const account = await write(tx, before, change);
  if (isAdministrator(before) && !isAdministrator(change.after)) await assertAnotherAdministrator(tx, userId);
  await recordAudit(tx, { actor: by, action: change.action, target: userTarget(userId), changes });
  const owed = await owe(tx, userId, change.revocation ?? revocationFor(before, change.after));
  return { account, owed: owed === undefined ? [] : [owed] };
}

async function write(tx: Db, before: Account, { after, passwordHash }: AccountChange): Promise<Account> {
  if (after === undefined) {
    await tx.deleteFrom('users').where('id', '=', before.id).execute();
    return before;
  }
  const { grants, email, active, roles, permissions } = after;
  const version = before.version + 1;
  const row = { email, active, roles, permissions, version };
  const password = passwordHash !== undefined && { password_hash: passwordHash };
  await addressOnce(
    tx
      .updateTable('users')
      .set({ ...row, ...password })
      .where('id', '=', before.id)
      .execute(),
  );
  if (grants !== before.grants) {
    await tx.deleteFrom('grants').where('user_id', '=', before.id).execute();
    await insertGrants(tx, before.id, grants);
  }
  return { id: before.id, ...row, grants };
}

/** As `isAdministrator` decides. */
export function administrators(db: Db) {
  return db
    .selectFrom('users')
    .innerJoin('grants', 'grants.user_id', 'users.id')
    .select('users.id')
    .where('users.active', '=', true)
    .where('grants.service', '=', AUDIENCE)
    .where('grants.expires', 'is', null)
    .where(sql<boolean>`grants.permissions @> ${[...ADMINISTRATOR]}::text[]`)
    .limit(1);
}

/** Any constant that no other lock of this database has. */
const ADMINISTRATORS_LOCK = 7_352_001;

/** Two administrators who remove each other at the same time come one after the other, and the second finds no other. */
async function assertAnotherAdministrator(tx: Db, userId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${ADMINISTRATORS_LOCK}::bigint)`.execute(tx);
  const other = await administrators(tx).where('users.id', '!=', userId).executeTakeFirst();
  if (other !== undefined) return;
  throw new AuthError(
    'last_administrator',
    `nobody else is active and holds ${ADMINISTRATOR.join(' and ')} at ${AUDIENCE} without an end: make another user such an administrator first`,
  );
}

async function owe(tx: Db, userId: string, revocation: Revocation | undefined): Promise<OwedRevocation | undefined> {
  if (revocation === undefined) return undefined;
  const { scope, keptSession = null } = revocation;
  const row = { user_id: userId, scope, kept_session: keptSession };
  const { id } = await tx.insertInto('revocation_outbox').values(row).returning('id').executeTakeFirstOrThrow();
  return { id, userId, ...revocation };
}
