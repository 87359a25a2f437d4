import { type ColumnType, type Generated, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { WorkloadGrant } from './workload.ts';

export interface WorkloadTables {
  workloads: {
    namespace: string;
    service_account: string;
    service: string | null;
    /** Read as an object, written as JSON text. */
    grants: ColumnType<readonly WorkloadGrant[], string, string>;
    version: Generated<number>;
  };
}

export const workloads: Migration = {
  async up(db) {
    await sql`
      create table workloads (
        namespace text not null,
        service_account text not null,
        service text,
        grants jsonb not null,
        version integer not null default 1,
        created_at timestamptz not null default now(),
        primary key (namespace, service_account)
      )`.execute(db);
  },
};
