import { type Kysely, sql, type Transaction } from 'kysely';
import type { Actor, AuditAction } from '../audit/audit.ts';
import { recordAudit } from '../audit/sql-audit.ts';
import { guarded, isUniqueViolation } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';
import type { HolderNote, KeyStore, NewKey } from './key-store.ts';
import { type KeyRegion, NO_REGION, ownRegions } from './region.ts';
import type { Signer } from './signer.ts';
import { historyOf, readKeys, unrevokedKeys } from './sql-key-reads.ts';

/** Thrown to roll a transaction back. */
class ConditionLost extends Error {}

export interface SqlKeysOptions {
  /** @default there are no regions */
  readonly region?: KeyRegion;
  /** Where the keys are read; see OpenDatabase. @default where they are changed */
  readonly reads?: Kysely<Database>;
}

/** Whose keys are meant. */
interface Scope {
  readonly signer: Signer;
  /** The region that new keys are of. */
  readonly region: string;
  /** The regions whose keys are changed. */
  readonly own: readonly string[];
}

/**
 * Signing keys in PostgreSQL or PGlite. That there is one active and one next key of a region is held by unique indexes, whatever
 * the replicas do; the time of each change is the database's.
 */
export function createSqlKeys(
  db: Kysely<Database>,
  signer: Signer,
  { region = NO_REGION, reads = db }: SqlKeysOptions = {},
): KeyStore {
  const scope: Scope = { signer, region: region.name, own: ownRegions(region) };
  const changed = async (query: { executeTakeFirst(): Promise<{ readonly numUpdatedRows: bigint }> }) =>
    (await guarded(query.executeTakeFirst())).numUpdatedRows > 0n;
  const all = () => db.updateTable('signing_keys').where('signer', '=', signer);
  const keys = () => all().where('region', 'in', scope.own);
  const retired = (kid: string, from: 'next' | 'retiring') =>
    keys()
      .set({ state: 'retired', sealed: null, retired_at: sql`now()` })
      .where('kid', '=', kid)
      .where('state', '=', from);
  return {
    read: () => guarded(readKeys(reads, scope)),
    start: (key) => guarded(insert(db, key, { ...scope, state: 'active' })),
    prepare: (key, active) => guarded(insert(db, key, { ...scope, state: 'next', beside: active })),
    promote: (kid, replaces) => guarded(promote(db, { scope, kid, replaces })),
    requestRotation: (by) =>
      guarded(recorded(db, { by, action: 'key.rotation_requested' }, (tx) => requestRotation(tx, scope))),
    discard: (kid) => changed(retired(kid, 'next')),
    relieve: (kid) =>
      guarded(moved(db.transaction(), (tx) => move(tx, kid, { scope, from: 'active', to: 'retiring' }))),
    retire: (kid) => changed(retired(kid, 'retiring')),
    lengthen: (longestTokenMs) =>
      changed(
        keys()
          .set({ longest_token_ms: longestTokenMs })
          .where('state', 'in', ['next', 'active'])
          .where('longest_token_ms', '<', longestTokenMs),
      ),
    reseal: (kid, from, to) => changed(keys().set({ sealed: to }).where('kid', '=', kid).where('sealed', '=', from)),
    describe: (jwk) =>
      changed(
        keys()
          .set({ public_jwk: JSON.stringify(jwk) })
          .where('kid', '=', jwk.kid)
          .where('public_jwk', 'is', null),
      ),
    note: (kid, note) => guarded(noteHolder(db, { kid, region: scope.region, note })),
    compromise: (kid, by) =>
      guarded(recorded(db, { by, action: 'key.compromised' }, (tx) => compromise(tx, signer, kid))),
    unrevoked: () => guarded(unrevokedKeys(db, signer)),
    markRevoked: (kid) => changed(all().set({ revoked_at: sql`now()` }).where('kid', '=', kid)),
    history: (limit) => guarded(historyOf(reads, signer, limit)),
  };
}

type Changed = readonly { readonly kid: string }[];

/** A change of keys with the record of who asked for it, all or nothing. @returns whether any was changed */
function recorded(
  db: Kysely<Database>,
  { by, action }: { readonly by: Actor | undefined; readonly action: AuditAction },
  change: (tx: Transaction<Database>) => Promise<Changed>,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const changed = await change(tx);
    for (const { kid } of changed) {
      if (by !== undefined) await recordAudit(tx, { actor: by, action, target: `key:${kid}`, changes: {} });
    }
    return changed.length > 0;
  });
}

function requestRotation(tx: Transaction<Database>, { signer, own }: Scope): Promise<Changed> {
  const requested = tx.updateTable('signing_keys').set({ rotation_requested_at: sql`now()` });
  const active = requested.where('signer', '=', signer).where('region', 'in', own).where('state', '=', 'active');
  return active.where('rotation_requested_at', 'is', null).returning('kid').execute();
}

function compromise(tx: Transaction<Database>, signer: Signer, kid: string): Promise<Changed> {
  const retired = tx.updateTable('signing_keys').set({
    state: 'retired',
    sealed: null,
    retired_at: sql`coalesce(retired_at, now())`,
    compromised_at: sql`coalesce(compromised_at, now())`,
    revoked_at: null,
  });
  return retired.where('signer', '=', signer).where('kid', '=', kid).returning('kid').execute();
}

interface Placing extends Scope {
  readonly state: 'next' | 'active';
  /** The key that signs meanwhile. */
  readonly beside?: string | undefined;
}

async function insert(
  db: Kysely<Database>,
  { kid, alg, sealed, publicJwk, longestTokenMs }: NewKey,
  { signer, region, own, state, beside }: Placing,
): Promise<boolean> {
  const activated = state === 'active' ? sql`now()` : sql`null`;
  const signs = sql`select from signing_keys where signer = ${signer} and region = any(${own}) and state = 'active'`;
  const condition = beside === undefined ? sql`not exists (${signs})` : sql`exists (${signs} and kid = ${beside})`;
  const { numAffectedRows } = await sql`
    insert into signing_keys (kid, region, signer, alg, state, sealed, public_jwk, longest_token_ms, activated_at)
    select ${kid}::text, ${region}::text, ${signer}::text, ${alg}::text, ${state}::text, ${Buffer.from(sealed)}::bytea,
      ${JSON.stringify(publicJwk)}::jsonb, ${longestTokenMs}::integer, ${activated}::timestamptz
    where ${condition}
    on conflict do nothing`.execute(db);
  return numAffectedRows === 1n;
}

interface Promotion {
  readonly scope: Scope;
  readonly kid: string;
  readonly replaces: string | undefined;
}

function promote(db: Kysely<Database>, { scope, kid, replaces }: Promotion): Promise<boolean> {
  return moved(db.transaction(), async (tx) => {
    if (replaces !== undefined) await move(tx, replaces, { scope, from: 'active', to: 'retiring' });
    await move(tx, kid, { scope, from: 'next', to: 'active' });
    await forgetHolders(tx);
  });
}

/** @returns false when a condition of it did not hold; then nothing of it was done */
async function moved(
  transaction: { execute<T>(change: (tx: Transaction<Database>) => Promise<T>): Promise<T> },
  change: (tx: Transaction<Database>) => Promise<void>,
): Promise<boolean> {
  try {
    await transaction.execute(change);
    return true;
  } catch (error) {
    if (error instanceof ConditionLost || isUniqueViolation(error)) return false;
    throw error;
  }
}

const ENTERED = { active: 'activated_at', retiring: 'retiring_at' } as const;

interface Move {
  readonly scope: Scope;
  readonly from: 'next' | 'active';
  readonly to: 'active' | 'retiring';
}

async function move(tx: Transaction<Database>, kid: string, { scope, from, to }: Move): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('signing_keys')
    .set({ state: to, [ENTERED[to]]: sql`now()` })
    .where('signer', '=', scope.signer)
    .where('region', 'in', scope.own)
    .where('kid', '=', kid)
    .where('state', '=', from)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new ConditionLost();
}

/** Who holds a key matters only while it waits. */
async function forgetHolders(tx: Transaction<Database>): Promise<void> {
  const waiting = tx.selectFrom('signing_keys').select('kid').where('state', '=', 'next');
  await tx.deleteFrom('signing_key_holders').where('kid', 'not in', waiting).execute();
}

interface Noted {
  readonly kid: string;
  readonly region: string;
  readonly note: HolderNote;
}

async function noteHolder(db: Kysely<Database>, { kid, region, note }: Noted): Promise<boolean> {
  if (note === 'publishes') {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('signing_key_holders')
      .columns(['kid', 'region'])
      .expression((eb) =>
        eb
          .selectFrom('signing_keys')
          .select(['kid', sql<string>`${region}::text`.as('region')])
          .where('kid', '=', kid)
          .where('state', '=', 'next'),
      )
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return (numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const { numUpdatedRows } = await db
    .updateTable('signing_key_holders')
    .set({ held_since: note === 'holds' ? sql`now()` : null })
    .where('kid', '=', kid)
    .where('region', '=', region)
    .where('held_since', note === 'holds' ? 'is' : 'is not', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
