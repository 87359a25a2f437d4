import type { Kysely } from 'kysely';
import { guarded } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';
import type { OutboxStore } from './revocation-outbox.ts';

/** Owed revocations in PostgreSQL or PGlite. */
export function createSqlOutbox(db: Kysely<Database>): OutboxStore {
  return {
    async listOwed(limit) {
      const owed = db.selectFrom('revocation_outbox').selectAll().orderBy('attempts').orderBy('created_at');
      const rows = await guarded(owed.limit(limit).execute());
      return rows.map(({ id, user_id, scope, kept_session }) => ({
        id,
        userId: user_id,
        scope,
        ...(kept_session !== null && { keptSession: kept_session }),
      }));
    },
    async markMade(id) {
      await guarded(db.deleteFrom('revocation_outbox').where('id', '=', id).execute());
    },
    async markFailed(id) {
      const update = db.updateTable('revocation_outbox').set((eb) => ({ attempts: eb('attempts', '+', 1) }));
      await guarded(update.where('id', '=', id).execute());
    },
  };
}
