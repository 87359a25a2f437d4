import { type Kysely, type Selectable, sql } from 'kysely';
import { guarded } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';
import type { AuditEntry, AuditLog, AuditQuery, AuditRecord } from './audit.ts';

type Db = Kysely<Database>;

/** Writes a record in the transaction of the change that it tells of. */
export async function recordAudit(tx: Db, { actor, action, target, changes }: AuditRecord): Promise<void> {
  const { subject, client = null, session = null, requestId } = actor;
  await tx
    .insertInto('audit_log')
    .values({
      actor: subject,
      client,
      session,
      action,
      target,
      changes: JSON.stringify(changes),
      request_id: requestId,
    })
    .execute();
}

/** The audit log in PostgreSQL or PGlite. */
export function createSqlAudit(db: Db): AuditLog {
  return {
    async list(query) {
      const rows = await guarded(filtered(db, query).orderBy('id', 'desc').limit(query.limit).execute());
      return rows.map(toEntry);
    },
  };
}

function filtered(db: Db, { target, actor, action, since, until, before }: AuditQuery) {
  return db
    .selectFrom('audit_log')
    .selectAll()
    .$if(target !== undefined, (query) => query.where('target', '=', target ?? ''))
    .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
    .$if(action !== undefined, (query) => query.where('action', '=', action ?? 'user.created'))
    .$if(since !== undefined, (query) => query.where('at', '>=', since ?? new Date(0)))
    .$if(until !== undefined, (query) => query.where('at', '<', until ?? new Date(0)))
    .$if(before !== undefined, (query) => query.where('id', '<', sql<string>`${before}::bigint`));
}

/**
 * Removes entries that are older, a bounded number at a time.
 * @returns whether there may be more
 */
export async function forgetAuditBefore(db: Db, moment: Date, batch: number): Promise<boolean> {
  const old = db.selectFrom('audit_log').select('id').where('at', '<', moment).orderBy('at').limit(batch);
  const { numDeletedRows } = await guarded(db.deleteFrom('audit_log').where('id', 'in', old).executeTakeFirstOrThrow());
  return Number(numDeletedRows) === batch;
}

function toEntry({
  id,
  at,
  actor,
  client,
  session,
  request_id,
  ...rest
}: Selectable<Database['audit_log']>): AuditEntry {
  return {
    ...rest,
    id: String(id),
    at,
    actor: {
      subject: actor,
      ...(client !== null && { client }),
      ...(session !== null && { session }),
      requestId: request_id,
    },
  };
}
