import type { Revocation } from '@sekisho/sessions';
import type { Kysely, Selectable } from 'kysely';
import { guarded } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';
import type { OwedRevocation } from './account.ts';
import type { OutboxStore, Owed, OwedByName } from './revocation-outbox.ts';

/** Owed revocations in PostgreSQL or PGlite. */
export function createSqlOutbox(db: Kysely<Database>): OutboxStore {
  return {
    async listOwed(limit) {
      const owed = db.selectFrom('revocation_outbox').selectAll().orderBy('attempts').orderBy('created_at');
      const rows = await guarded(owed.limit(limit).execute());
      return rows.map(toOwed);
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

/** What is owed of a user's account, the oldest first. */
export async function owedOf(tx: Kysely<Database>, userId: string): Promise<readonly OwedRevocation[]> {
  const owed = tx.selectFrom('revocation_outbox').selectAll().where('user_id', '=', userId).orderBy('created_at');
  return (await owed.execute()).map(toOwed).filter((row) => row.scope !== 'named');
}

/** Owes a revocation in the transaction of the caller. */
export async function oweByName(tx: Kysely<Database>, revocation: Revocation): Promise<OwedByName> {
  const row = { scope: 'named', revocation: JSON.stringify(revocation) } as const;
  const { id } = await tx.insertInto('revocation_outbox').values(row).returning('id').executeTakeFirstOrThrow();
  return { id, scope: 'named', revocation };
}

/** The table holds each scope to its columns. */
function toOwed({ id, user_id, scope, kept_session, revocation }: Selectable<Database['revocation_outbox']>): Owed {
  if (scope === 'named') return { id, scope, revocation: present(revocation) };
  return { id, userId: present(user_id), scope, ...(kept_session !== null && { keptSession: kept_session }) };
}

function present<T>(value: T | null): T {
  if (value === null) throw new TypeError('an owed revocation names nothing');
  return value;
}
