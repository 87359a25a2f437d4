import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What lists of users are filtered by, and revocations that a change of a user still owes. */
export const accountChanges: Migration = {
  async up(db) {
    await sql`create index users_email_prefix on users (email text_pattern_ops)`.execute(db);
    await sql`create index users_roles on users using gin (roles)`.execute(db);
    await sql`create index grants_service on grants (service, user_id)`.execute(db);
    // No reference to the user: what was issued to one who is deleted is revoked too.
    await sql`
      create table revocation_outbox (
        id uuid primary key default gen_random_uuid(),
        user_id uuid not null,
        scope text not null check (scope in ('tokens', 'sessions')),
        kept_session text,
        attempts integer not null default 0,
        created_at timestamptz not null default now()
      )`.execute(db);
    // Until now users:write allowed to grant anything at auth; who had it keeps it.
    await sql`
      update grants set permissions = permissions || array['grants:admin']
      where service = 'auth' and 'users:write' = any (permissions) and not 'grants:admin' = any (permissions)`.execute(
      db,
    );
  },
};

/** Revocations that are owed by more than accounts: by clients that are removed, and by whoever revokes by name. */
export const namedRevocations: Migration = {
  async up(db) {
    await sql`
      alter table revocation_outbox
        alter column user_id drop not null,
        add column revocation jsonb,
        drop constraint revocation_outbox_scope_check,
        add constraint revocation_outbox_scope_known check (scope in ('tokens', 'sessions', 'named')),
        add constraint revocation_outbox_scope_columns check (
          (scope = 'named') = (revocation is not null) and (scope = 'named') = (user_id is null))`.execute(db);
  },
};
