import { type ColumnType, type Generated, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Grant } from '../../accounts/account.ts';
import type { AuthMethod, ClientKey, GrantType } from './client.ts';

/** Read as an object, written as JSON text. */
type Json<T> = ColumnType<T, string, string>;

export interface OAuthTables {
  oauth_clients: {
    client_id: string;
    name: string;
    first_party: boolean;
    auth_method: AuthMethod;
    grant_types: readonly GrantType[];
    redirect_uris: readonly string[];
    post_logout_redirect_uris: readonly string[];
    backchannel_logout_uri: string | null;
    keys: Json<readonly ClientKey[]> | null;
    grants: Json<readonly Grant[]>;
    version: Generated<number>;
    created_at: ColumnType<Date, never, never>;
  };
  oauth_client_secrets: {
    client_id: string;
    /** SHA-256, base64url. */
    hash: string;
    expires_at: Date | null;
    created_at: ColumnType<Date, never, never>;
  };
}

export const OAUTH_CLIENTS: Migration = {
  async up(db) {
    await sql`
      create table oauth_clients (
        client_id text primary key,
        name text not null,
        first_party boolean not null,
        auth_method text not null
          check (auth_method in ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
        grant_types text[] not null,
        redirect_uris text[] not null,
        post_logout_redirect_uris text[] not null,
        backchannel_logout_uri text,
        keys jsonb,
        grants jsonb not null,
        version integer not null default 1,
        created_at timestamptz not null default now()
      )`.execute(db);
    await sql`
      create table oauth_client_secrets (
        client_id text not null references oauth_clients (client_id) on delete cascade,
        hash text not null,
        expires_at timestamptz,
        created_at timestamptz not null default now(),
        primary key (client_id, hash)
      )`.execute(db);
  },
};
