import { type Insertable, type Kysely, type Selectable, sql } from 'kysely';
import type { Database } from '../../database/schema.ts';
import type { ClientCredentials, NewClient, OAuthClient } from './client.ts';

/** In one round trip: every request of a client begins with it. */
export function credentialsByIds(db: Kysely<Database>, ids: readonly string[]) {
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
    .where(sql<boolean>`client_id = any(${ids}::text[])`);
}

type CredentialsRow = Selectable<Database['oauth_clients']> & { readonly secret_hashes: readonly string[] | null };

export function toCredentials(row: CredentialsRow): ClientCredentials {
  return { ...toClient(row), secretHashes: row.secret_hashes ?? [] };
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
