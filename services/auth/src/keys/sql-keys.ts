import type { PublicJwk, SigningAlgorithm } from '@sekisho/tokens';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Actor, AuditAction } from '../audit/audit.ts';
import { recordAudit } from '../audit/sql-audit.ts';
import { guarded, isUniqueViolation } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';
import type { KeyHistory, KeyStore, NewKey, StoredKey } from './key-store.ts';
import type { Signer } from './signer.ts';

/** Thrown to roll a transaction back. */
class ConditionLost extends Error {}

/**
 * Signing keys in PostgreSQL or PGlite. That there is one active and one next key is held by unique indexes, whatever
 * the replicas do; the time of each change is the database's.
 */
export function createSqlKeys(db: Kysely<Database>, signer: Signer): KeyStore {
  const changed = async (query: { executeTakeFirst(): Promise<{ readonly numUpdatedRows: bigint }> }) =>
    (await guarded(query.executeTakeFirst())).numUpdatedRows > 0n;
  const keys = () => db.updateTable('signing_keys').where('signer', '=', signer);
  const retired = (kid: string, from: 'next' | 'retiring') =>
    keys()
      .set({ state: 'retired', sealed: null, retired_at: sql`now()` })
      .where('kid', '=', kid)
      .where('state', '=', from);
  return {
    read: () => guarded(read(db, signer)),
    start: (key) => guarded(insert(db, key, { signer, state: 'active' })),
    prepare: (key, active) => guarded(insert(db, key, { signer, state: 'next', beside: active })),
    promote: (kid, replaces) => guarded(promote(db, { signer, kid, replaces })),
    requestRotation: (by) =>
      guarded(recorded(db, { by, action: 'key.rotation_requested' }, (tx) => requestRotation(tx, signer))),
    discard: (kid) => changed(retired(kid, 'next')),
    retire: (kid) => changed(retired(kid, 'retiring')),
    lengthen: (longestTokenMs) =>
      changed(
        keys()
          .set({ longest_token_ms: longestTokenMs })
          .where('state', 'in', ['next', 'active'])
          .where('longest_token_ms', '<', longestTokenMs),
      ),
    reseal: (kid, from, to) => changed(keys().set({ sealed: to }).where('kid', '=', kid).where('sealed', '=', from)),
    compromise: (kid, by) =>
      guarded(recorded(db, { by, action: 'key.compromised' }, (tx) => compromise(tx, signer, kid))),
    unrevoked: () => guarded(unrevoked(db, signer)),
    markRevoked: (kid) => changed(keys().set({ revoked_at: sql`now()` }).where('kid', '=', kid)),
    history: (limit) => guarded(history(db, signer, limit)),
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

function requestRotation(tx: Transaction<Database>, signer: Signer): Promise<Changed> {
  const requested = tx.updateTable('signing_keys').set({ rotation_requested_at: sql`now()` });
  const active = requested.where('signer', '=', signer).where('state', '=', 'active');
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

async function read(db: Kysely<Database>, signer: Signer): Promise<Awaited<ReturnType<KeyStore['read']>>> {
  // The time comes with the rows, and also when there are none.
  const { rows } = await sql<Row>`
    select t.now, k.kid, k.alg, k.state, k.sealed, k.public_jwk, k.longest_token_ms,
      k.rotation_requested_at,
      case k.state when 'retiring' then k.retiring_at when 'active' then k.activated_at else k.created_at end as since
    from (select now() as now) t
    left join signing_keys k on k.signer = ${signer} and k.state <> 'retired'
    order by k.created_at, k.kid`.execute(db);
  const now = rows[0]?.now.getTime() ?? Number.NaN;
  return { now, keys: rows.flatMap((row) => (row.kid === null ? [] : toStored(row))) };
}

interface KeyRow {
  readonly now: Date;
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly state: StoredKey['state'];
  readonly sealed: Uint8Array;
  readonly public_jwk: PublicJwk | null;
  readonly longest_token_ms: number;
  readonly rotation_requested_at: Date | null;
  readonly since: Date;
}
type Row = KeyRow | { readonly now: Date; readonly kid: null };

function toStored({ kid, alg, state, sealed, longest_token_ms: longestTokenMs, ...more }: KeyRow): StoredKey {
  const { since, rotation_requested_at: requestedAt, public_jwk: publicJwk } = more;
  return {
    ...{ kid, alg, state, sealed, longestTokenMs, since: since.getTime() },
    ...(requestedAt && { rotationRequestedAt: requestedAt.getTime() }),
    ...(publicJwk && { publicJwk }),
  };
}

async function insert(
  db: Kysely<Database>,
  { kid, alg, sealed, publicJwk, longestTokenMs }: NewKey,
  { signer, state, beside }: { readonly signer: Signer; readonly state: 'next' | 'active'; readonly beside?: string },
): Promise<boolean> {
  const activated = state === 'active' ? sql`now()` : sql`null`;
  const condition =
    beside === undefined
      ? sql`true`
      : sql`exists (select from signing_keys where signer = ${signer} and kid = ${beside} and state = 'active')`;
  const { numAffectedRows } = await sql`
    insert into signing_keys (kid, signer, alg, state, sealed, public_jwk, longest_token_ms, activated_at)
    select ${kid}::text, ${signer}::text, ${alg}::text, ${state}::text, ${Buffer.from(sealed)}::bytea,
      ${publicJwk === undefined ? null : JSON.stringify(publicJwk)}::jsonb, ${longestTokenMs}::integer, ${activated}::timestamptz
    where ${condition}
    on conflict do nothing`.execute(db);
  return numAffectedRows === 1n;
}

interface Promotion {
  readonly signer: Signer;
  readonly kid: string;
  readonly replaces: string | undefined;
}

async function promote(db: Kysely<Database>, { signer, kid, replaces }: Promotion): Promise<boolean> {
  try {
    await db.transaction().execute(async (tx) => {
      if (replaces !== undefined) await move(tx, replaces, { signer, from: 'active', to: 'retiring' });
      await move(tx, kid, { signer, from: 'next', to: 'active' });
    });
    return true;
  } catch (error) {
    if (error instanceof ConditionLost || isUniqueViolation(error)) return false;
    throw error;
  }
}

const ENTERED = { active: 'activated_at', retiring: 'retiring_at' } as const;

async function move(
  tx: Transaction<Database>,
  kid: string,
  {
    signer,
    from,
    to,
  }: { readonly signer: Signer; readonly from: 'next' | 'active'; readonly to: 'active' | 'retiring' },
): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('signing_keys')
    .set({ state: to, [ENTERED[to]]: sql`now()` })
    .where('signer', '=', signer)
    .where('kid', '=', kid)
    .where('state', '=', from)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new ConditionLost();
}

async function unrevoked(db: Kysely<Database>, signer: Signer): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .select('kid')
    .where('signer', '=', signer)
    .where('compromised_at', 'is not', null)
    .where('revoked_at', 'is', null)
    .execute();
  return rows.map(({ kid }) => kid);
}

async function history(db: Kysely<Database>, signer: Signer, limit: number): Promise<readonly KeyHistory[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .select(['kid', 'alg', 'state', 'created_at', 'activated_at', 'retiring_at', 'retired_at', 'compromised_at'])
    .where('signer', '=', signer)
    // The few that are published come first, so that no limit hides one.
    .orderBy(sql`state = 'retired'`)
    .orderBy('created_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ kid, alg, state, created_at: createdAt, ...times }) => ({
    kid,
    alg,
    state,
    createdAt,
    ...(times.activated_at && { activatedAt: times.activated_at }),
    ...(times.retiring_at && { retiringAt: times.retiring_at }),
    ...(times.retired_at && { retiredAt: times.retired_at }),
    ...(times.compromised_at && { compromisedAt: times.compromised_at }),
  }));
}
