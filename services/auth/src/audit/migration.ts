import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * A row is written in the transaction of what it tells, and never changed: the trigger stops a defect or an injected
 * statement, though not the owner of the table. Rows may leave when they are old (AUDIT_RETENTION_DAYS, at least 30).
 */
export const auditLog: Migration = {
  async up(db) {
    await sql`
      create table audit_log (
        id bigint generated always as identity primary key,
        at timestamptz not null default now(),
        actor text not null,
        client text,
        session text,
        action text not null,
        target text not null,
        changes jsonb not null check (pg_column_size(changes) <= 131072),
        request_id text not null
      )`.execute(db);
    await sql`create index audit_log_target on audit_log (target, id)`.execute(db);
    await sql`create index audit_log_actor on audit_log (actor, id)`.execute(db);
    await sql`create index audit_log_at on audit_log (at)`.execute(db);
    await sql`
      create function audit_log_keep() returns trigger language plpgsql as $$
      begin
        if tg_op = 'DELETE' and old.at < now() - interval '30 days' then return old; end if;
        raise exception 'the audit log is append-only';
      end $$`.execute(db);
    await sql`
      create trigger audit_log_keep_rows before update or delete on audit_log
        for each row execute function audit_log_keep()`.execute(db);
    await sql`
      create trigger audit_log_keep_table before truncate on audit_log
        for each statement execute function audit_log_keep()`.execute(db);
  },
};
