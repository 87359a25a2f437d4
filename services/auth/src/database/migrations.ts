import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { accountChanges, namedRevocations } from '../accounts/migration.ts';
import { auditLog } from '../audit/migration.ts';
import { workloads } from '../exchange/tables.ts';
import { keyRotation, otherSigners, regionalKeys, rotationRequests } from '../keys/migration.ts';
import { OAUTH_CLIENTS } from '../oauth/clients/tables.ts';
import { databaseHeartbeat } from './heartbeat.ts';

/** By name, in this order; one that was released is never changed. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-accounts': {
    async up(db) {
      await sql`
        create table users (
          id uuid primary key,
          email text not null unique,
          password_hash text not null,
          active boolean not null default true,
          roles text[] not null,
          permissions text[] not null,
          version integer not null default 1,
          created_at timestamptz not null default now()
        )`.execute(db);
      await sql`
        create table grants (
          user_id uuid not null references users (id) on delete cascade,
          service text not null,
          permissions text[] not null,
          expires timestamptz,
          primary key (user_id, service)
        )`.execute(db);
    },
  },
  '0002-signing-keys': {
    async up(db) {
      await sql`
        create table signing_keys (
          kid text primary key,
          state text not null check (state in ('next', 'active', 'retiring')),
          sealed bytea not null,
          created_at timestamptz not null default now()
        )`.execute(db);
      // Replicas that start together each bring a key; the database lets one of them be active.
      await sql`create unique index signing_keys_active on signing_keys (state) where state = 'active'`.execute(db);
    },
  },
  '0003-key-rotation': keyRotation,
  '0004-account-changes': accountChanges,
  '0005-audit-log': auditLog,
  '0006-oauth-clients': OAUTH_CLIENTS,
  '0007-workloads': workloads,
  '0008-rotation-requests': rotationRequests,
  '0009-named-revocations': namedRevocations,
  '0010-other-signers': otherSigners,
  '0011-regional-keys': regionalKeys,
  '0012-database-heartbeat': databaseHeartbeat,
};
