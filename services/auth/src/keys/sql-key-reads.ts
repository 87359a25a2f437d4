import type { PublicJwk, SigningAlgorithm } from '@sekisho/tokens';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/schema.ts';
import type { KeyHistory, KeyHolder, KeysRead, StoredKey } from './key-store.ts';
import type { Signer } from './signer.ts';

export interface KeysAsked {
  readonly signer: Signer;
  /** The regions whose keys are this one's. */
  readonly own: readonly string[];
}

/** What is published, at one moment of the database. */
export async function readKeys(db: Kysely<Database>, { signer, own }: KeysAsked): Promise<KeysRead> {
  // The time comes with the rows, and also when there are none.
  const { rows } = await sql<Row>`
    select t.now, t.has_signed, t.behind_ms, k.kid, k.region, k.alg, k.state, k.sealed, k.public_jwk, k.longest_token_ms,
      k.rotation_requested_at,
      case k.state when 'retiring' then k.retiring_at when 'active' then k.activated_at else k.created_at end as since,
      ${holdersOf('k')} as holders
    from (select now() as now,
      case when pg_is_in_recovery() then coalesce(
        greatest(extract(epoch from now() - pg_last_xact_replay_timestamp()) * 1000, 0), 'Infinity')::float8
      end as behind_ms,
      exists (
        select from signing_keys where signer = ${signer} and region = any(${own}) and activated_at is not null
      ) as has_signed) t
    left join signing_keys k on k.signer = ${signer} and k.state <> 'retired'
    order by k.region desc, k.created_at, k.kid`.execute(db);
  const [first] = rows;
  const stored = rows.flatMap((row) => (row.kid === null ? [] : toStored(row)));
  return {
    now: first?.now.getTime() ?? Number.NaN,
    ...(first?.behind_ms != null && { behindMs: first.behind_ms }),
    keys: stored.filter(({ region }) => own.includes(region)),
    others: stored.filter(({ region }) => !own.includes(region)),
    hasSigned: first?.has_signed ?? false,
  };
}

/** @param keys what the table of keys is called in the statement */
function holdersOf(keys: string) {
  return sql<readonly KeyHolder[]>`(
    select coalesce(jsonb_agg(jsonb_build_object(
        'region', h.region,
        'since', floor(extract(epoch from h.published_since) * 1000),
        'holds', h.held_since is not null)), '[]')
      from signing_key_holders h where h.kid = ${sql.ref(`${keys}.kid`)} and ${sql.ref(`${keys}.state`)} = 'next')`;
}

interface Moment {
  readonly now: Date;
  readonly has_signed: boolean;
  readonly behind_ms: number | null;
}

interface KeyRow extends Moment {
  readonly kid: string;
  readonly region: string;
  readonly alg: SigningAlgorithm;
  readonly state: StoredKey['state'];
  readonly sealed: Uint8Array;
  readonly public_jwk: PublicJwk | null;
  readonly longest_token_ms: number;
  readonly rotation_requested_at: Date | null;
  readonly since: Date;
  readonly holders: readonly KeyHolder[];
}
type Row = KeyRow | (Moment & { readonly kid: null });

function toStored({ kid, region, alg, state, sealed, holders, ...more }: KeyRow): StoredKey {
  const { since, rotation_requested_at: requestedAt, public_jwk: publicJwk, longest_token_ms: longestTokenMs } = more;
  return {
    ...{ kid, region, alg, state, sealed, holders, longestTokenMs, since: since.getTime() },
    ...(requestedAt && { rotationRequestedAt: requestedAt.getTime() }),
    ...(publicJwk && { publicJwk }),
  };
}

/** Whether a key that waits is there. */
export async function isWaiting(db: Kysely<Database>, kid: string): Promise<boolean> {
  const waiting = db.selectFrom('signing_keys').select('kid').where('kid', '=', kid).where('state', '=', 'next');
  return (await waiting.executeTakeFirst()) !== undefined;
}

export async function unrevokedKeys(db: Kysely<Database>, signer: Signer): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .select('kid')
    .where('signer', '=', signer)
    .where('compromised_at', 'is not', null)
    .where('revoked_at', 'is', null)
    .execute();
  return rows.map(({ kid }) => kid);
}

const TIMES = ['created_at', 'activated_at', 'retiring_at', 'retired_at', 'compromised_at'] as const;

export async function historyOf(db: Kysely<Database>, signer: Signer, limit: number): Promise<readonly KeyHistory[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .select(['kid', 'region', 'alg', 'state', ...TIMES, holdersOf('signing_keys').as('holders')])
    .where('signer', '=', signer)
    // The few that are published come first, so that no limit hides one.
    .orderBy(sql`state = 'retired'`)
    .orderBy('created_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ kid, region, alg, state, holders, created_at: createdAt, ...times }) => ({
    ...{ kid, region, alg, state, holders, createdAt },
    ...(times.activated_at && { activatedAt: times.activated_at }),
    ...(times.retiring_at && { retiringAt: times.retiring_at }),
    ...(times.retired_at && { retiredAt: times.retired_at }),
    ...(times.compromised_at && { compromisedAt: times.compromised_at }),
  }));
}
