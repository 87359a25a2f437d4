import { type Kysely, sql } from 'kysely';
import type { OwedByName } from '../../accounts/revocation-outbox.ts';
import { oweByName } from '../../accounts/sql-outbox.ts';
import type { Actor, AuditAction, Changes } from '../../audit/audit.ts';
import { differences, type Fields } from '../../audit/differences.ts';
import { recordAudit } from '../../audit/sql-audit.ts';
import { isUniqueViolation } from '../../database/guard.ts';
import type { Database } from '../../database/schema.ts';
import { AuthError } from '../../errors.ts';
import type { ClientChange, NewClient, NewSecret, OAuthClient } from './client.ts';
import { toClient, toRow } from './sql-rows.ts';

/** Every change is made with its audit record, in the transaction of the caller. */
type Tx = Kysely<Database>;

/** A request that read the client just before it was removed may still mint; whoever takes its id waits as long. */
const IN_FLIGHT_SECONDS = 10;

export interface Insertion {
  readonly client: NewClient;
  readonly secretHash: string | undefined;
  readonly by: Actor;
}

export async function insert(tx: Tx, { client, secretHash, by }: Insertion): Promise<OAuthClient> {
  const row = { ...toRow(client), client_id: client.id };
  try {
    await tx.insertInto('oauth_clients').values(row).execute();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new AuthError('client_taken', 'another client has this id', { cause, field: '/id' });
  }
  if (secretHash !== undefined) await insertSecret(tx, client.id, secretHash);
  await audit(tx, by, { id: client.id, action: 'client.created', changes: differences(new Map(), fieldsOf(client)) });
  return { ...client, version: 1 };
}

export async function replace(
  tx: Tx,
  { version, ...client }: OAuthClient,
  { by, assertMay }: ClientChange,
): Promise<OAuthClient | undefined> {
  const before = await lock(tx, client.id);
  if (before === undefined) return undefined;
  assertMay(before);
  if (before.version !== version) {
    throw new AuthError('version_conflict', 'the client was changed since: read it again');
  }
  const changes = differences(fieldsOf(before), fieldsOf(client));
  if (Object.keys(changes).length === 0) return before;
  const row = { ...toRow(client), version: version + 1 };
  await tx.updateTable('oauth_clients').set(row).where('client_id', '=', client.id).execute();
  await audit(tx, by, { id: client.id, action: 'client.updated', changes });
  return { ...client, version: version + 1 };
}

export async function addSecret(
  tx: Tx,
  { id, hash, overlapSeconds }: NewSecret & { readonly id: string },
  { by, assertMay }: ClientChange,
): Promise<boolean> {
  // Locks the row: two rotations at once happen one after the other.
  const client = await lock(tx, id);
  if (client === undefined) return false;
  assertMay(client);
  const end = sql<Date>`now() + make_interval(secs => ${overlapSeconds})`;
  await tx
    .updateTable('oauth_client_secrets')
    .set({ expires_at: sql<Date>`least(expires_at, ${end})` })
    .where('client_id', '=', id)
    .execute();
  await tx
    .deleteFrom('oauth_client_secrets')
    .where('client_id', '=', id)
    .where('expires_at', '<=', sql<Date>`now()`)
    .execute();
  await insertSecret(tx, id, hash);
  await audit(tx, by, { id, action: 'client.secret_added', changes: { overlapSeconds: { new: overlapSeconds } } });
  return true;
}

/** @returns the revocation of what was issued to it, which is owed now; undefined when there is no such client */
export async function remove(tx: Tx, id: string, by: Actor): Promise<OwedByName | undefined> {
  const before = await lock(tx, id);
  if (before === undefined) return undefined;
  const now = sql<number>`ceil(extract(epoch from now()))::float8`.as('now');
  const deletion = tx.deleteFrom('oauth_clients').where('client_id', '=', id).returning(now);
  const { now: seconds } = await deletion.executeTakeFirstOrThrow();
  await audit(tx, by, { id, action: 'client.deleted', changes: differences(fieldsOf(before), new Map()) });
  return oweByName(tx, { kind: 'client', id, issuedBefore: seconds + IN_FLIGHT_SECONDS });
}

async function lock(tx: Tx, id: string): Promise<OAuthClient | undefined> {
  const query = tx.selectFrom('oauth_clients').selectAll().where('client_id', '=', id).forUpdate();
  const row = await query.executeTakeFirst();
  return row && toClient(row);
}

async function insertSecret(tx: Tx, id: string, hash: string): Promise<void> {
  await tx.insertInto('oauth_client_secrets').values({ client_id: id, hash, expires_at: null }).execute();
}

interface Change {
  readonly id: string;
  readonly action: AuditAction;
  readonly changes: Changes;
}

function audit(tx: Tx, actor: Actor, { id, action, changes }: Change): Promise<void> {
  return recordAudit(tx, { actor, action, target: `client:${id}`, changes });
}

/** Keys are public ones; secrets are none of its fields. */
function fieldsOf(client: NewClient & { readonly version?: number }): Fields {
  const { id: _id, version: _version, ...fields } = client;
  return new Map<string, unknown>(Object.entries(fields));
}
