import { type Insertable, type Kysely, type Selectable, sql } from 'kysely';
import type { Database } from '../../database/schema.ts';
import type { ClientCredentials, NewClient, OAuthClient } from './client.ts';

export async function findClient(db: Kysely<Database>, id: string): Promise<ClientCredentials | undefined> {
  const row = await db.selectFrom('oauth_clients').selectAll().where('client_id', '=', id).executeTakeFirst();
  if (row === undefined) return undefined;
  const secrets = await db
    .selectFrom('oauth_client_secrets')
    .select('hash')
    .where('client_id', '=', id)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<Date>`now()`)]))
    .execute();
  return { ...toClient(row), secretHashes: secrets.map(({ hash }) => hash) };
}

export function toRow(client: NewClient): Omit<Insertable<Database['oauth_clients']>, 'client_id'> {
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

export function toClient(row: Selectable<Database['oauth_clients']>): OAuthClient {
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
