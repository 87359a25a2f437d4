import { type Insertable, type Kysely, type Selectable, sql } from 'kysely';
import { compiledOnce } from '../../database/compiled.ts';
import { guarded, isUniqueViolation } from '../../database/guard.ts';
import type { Database } from '../../database/schema.ts';
import { AuthError } from '../../errors.ts';
import type { ClientCredentials, ClientStore, NewClient, OAuthClient } from './client.ts';

type Db = Kysely<Database>;

/** Clients in PostgreSQL or PGlite. */
export function createSqlClients(db: Db): ClientStore {
  const find = compiledOnce(db, (id) => credentials(db, id));
  return {
    find: (id) => guarded(find(id).then((row) => row && toCredentials(row))),
    list: (after, limit) => guarded(list(db, after, limit)),
    create: (client, secretHash) => guarded(db.transaction().execute((tx) => insert(tx, client, secretHash))),
    replace: (client) => guarded(db.transaction().execute((tx) => replace(tx, client))),
    addSecret: (id, hash, overlapSeconds) =>
      guarded(db.transaction().execute((tx) => addSecret(tx, { id, hash, overlapSeconds }))),
    remove: async (id) => (await guarded(remove(db, id))).numDeletedRows > 0n,
  };
}

/** In one round trip: every request of a client begins with it. */
function credentials(db: Db, id: string) {
  return db
    .selectFrom('oauth_clients')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('oauth_client_secrets')
        .select(sql<string[]>`coalesce(array_agg(hash), '{}')`.as('hashes'))
        .whereRef('oauth_client_secrets.client_id', '=', 'oauth_clients.client_id')
        .where((secret) => secret.or([secret('expires_at', 'is', null), secret('expires_at', '>', sql<Date>`now()`)]))
        .as('secret_hashes'),
    )
    .where('client_id', '=', id);
}

type CredentialsRow = Selectable<Database['oauth_clients']> & { readonly secret_hashes: readonly string[] | null };

function toCredentials(row: CredentialsRow): ClientCredentials {
  return { ...toClient(row), secretHashes: row.secret_hashes ?? [] };
}

async function list(db: Db, after: string | undefined, limit: number): Promise<readonly OAuthClient[]> {
  const rows = await db
    .selectFrom('oauth_clients')
    .selectAll()
    .where('client_id', '>', after ?? '')
    .orderBy('client_id')
    .limit(limit)
    .execute();
  return rows.map(toClient);
}

async function insert(tx: Db, client: NewClient, secretHash: string | undefined): Promise<OAuthClient> {
  try {
    await tx
      .insertInto('oauth_clients')
      .values({ ...toRow(client), client_id: client.id })
      .execute();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new AuthError('client_taken', 'another client has this id', { cause, field: '/id' });
  }
  if (secretHash !== undefined) {
    await tx
      .insertInto('oauth_client_secrets')
      .values({ client_id: client.id, hash: secretHash, expires_at: null })
      .execute();
  }
  return { ...client, version: 1 };
}

async function replace(tx: Db, { version, ...client }: OAuthClient): Promise<OAuthClient | undefined> {
  const changed = await tx
    .updateTable('oauth_clients')
    .set({ ...toRow(client), version: version + 1 })
    .where('client_id', '=', client.id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (changed.numUpdatedRows > 0n) return { ...client, version: version + 1 };
  if ((await credentials(tx, client.id).executeTakeFirst()) === undefined) return undefined;
  throw new AuthError('version_conflict', 'the client was changed since: read it again');
}

async function addSecret(
  tx: Db,
  { id, hash, overlapSeconds }: { id: string; hash: string; overlapSeconds: number },
): Promise<boolean> {
  // Locks the row: two rotations at once happen one after the other.
  const client = await tx
    .selectFrom('oauth_clients')
    .select('client_id')
    .where('client_id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (client === undefined) return false;
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
  await tx.insertInto('oauth_client_secrets').values({ client_id: id, hash, expires_at: null }).execute();
  return true;
}

function remove(db: Db, id: string) {
  return db.deleteFrom('oauth_clients').where('client_id', '=', id).executeTakeFirst();
}

function toRow(client: NewClient): Omit<Insertable<Database['oauth_clients']>, 'client_id'> {
  return {
    name: client.name,
    first_party: client.firstParty,
    auth_method: client.authMethod,
    grant_types: client.grantTypes,
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    backchannel_logout_uri: client.backchannelLogoutUri ?? null,
    // An array would be sent as one of PostgreSQL's own.
    keys: client.keys === undefined ? null : JSON.stringify(client.keys),
    grants: JSON.stringify(client.grants),
  };
}

function toClient(row: Selectable<Database['oauth_clients']>): OAuthClient {
  return {
    id: row.client_id,
    name: row.name,
    firstParty: row.first_party,
    authMethod: row.auth_method,
    grantTypes: row.grant_types,
    redirectUris: row.redirect_uris,
    postLogoutRedirectUris: row.post_logout_redirect_uris,
    ...(row.backchannel_logout_uri !== null && { backchannelLogoutUri: row.backchannel_logout_uri }),
    ...(row.keys !== null && { keys: row.keys }),
    grants: row.grants,
    version: row.version,
  };
}
