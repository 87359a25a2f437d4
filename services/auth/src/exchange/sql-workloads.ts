import type { Kysely, Selectable } from 'kysely';
import { recordAudit } from '../audit/sql-audit.ts';
import { guarded, isUniqueViolation } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';
import { AuthError } from '../errors.ts';
import type {
  Workload,
  WorkloadChange,
  WorkloadId,
  WorkloadQuery,
  WorkloadSettings,
  WorkloadStore,
} from './workload.ts';

type Db = Kysely<Database>;

/**
 * Workloads in PostgreSQL or PGlite.
 * @param reads where single statements that read are asked; see OpenDatabase. @default db
 */
export function createSqlWorkloads(db: Db, reads = db): WorkloadStore {
  return {
    find: (id) => guarded(find(reads, id)),
    list: (query) => guarded(list(reads, query)),
    put: (id, settings, by) => guarded(db.transaction().execute((tx) => put(tx, { id, settings, by }))),
    remove: (id, actor) => guarded(db.transaction().execute((tx) => remove(tx, id, actor))),
  };
}

async function find(db: Db, id: WorkloadId): Promise<Workload | undefined> {
  const row = await one(db, id).executeTakeFirst();
  return row && toWorkload(row);
}

function one(db: Db, { namespace, serviceAccount }: WorkloadId) {
  const inNamespace = db.selectFrom('workloads').selectAll().where('namespace', '=', namespace);
  return inNamespace.where('service_account', '=', serviceAccount);
}

async function list(db: Db, { after, limit }: WorkloadQuery): Promise<readonly Workload[]> {
  const sorted = db.selectFrom('workloads').selectAll().orderBy('namespace').orderBy('service_account').limit(limit);
  if (after === undefined) return (await sorted.execute()).map(toWorkload);
  const { namespace, serviceAccount } = after;
  const rest = sorted.where(({ eb, refTuple, tuple }) =>
    eb(refTuple('namespace', 'service_account'), '>', tuple(namespace, serviceAccount)),
  );
  return (await rest.execute()).map(toWorkload);
}

interface Put {
  readonly id: WorkloadId;
  readonly settings: WorkloadSettings;
  readonly by: WorkloadChange;
}

async function put(tx: Db, change: Put): Promise<Workload> {
  const row = await one(tx, change.id).forUpdate().executeTakeFirst();
  const before = row && toWorkload(row);
  assertVersion(before, change.by.version);
  const after = { ...change.id, ...change.settings, version: (before?.version ?? 0) + 1 };
  await (before === undefined ? insert(tx, after) : update(tx, after));
  await audit(tx, change.by.actor, { id: change.id, before, after });
  return after;
}

function assertVersion(before: Workload | undefined, version: number | undefined): void {
  if (before?.version === version) return;
  if (version === undefined) {
    throw new AuthError('version_required', 'this workload has grants: send If-Match with the ETag of what was read');
  }
  throw changedSince(undefined);
}

async function insert(tx: Db, { namespace, serviceAccount, version, ...settings }: Workload): Promise<void> {
  const row = { namespace, service_account: serviceAccount, version, ...toColumns(settings) };
  try {
    await tx.insertInto('workloads').values(row).execute();
  } catch (cause) {
    throw isUniqueViolation(cause) ? changedSince(cause) : cause;
  }
}

async function update(tx: Db, { namespace, serviceAccount, version, ...settings }: Workload): Promise<void> {
  const changed = tx.updateTable('workloads').set({ version, ...toColumns(settings) });
  await changed.where('namespace', '=', namespace).where('service_account', '=', serviceAccount).execute();
}

async function remove(tx: Db, id: WorkloadId, actor: Actor): Promise<boolean> {
  const row = await one(tx, id).forUpdate().executeTakeFirst();
  if (row === undefined) return false;
  const inNamespace = tx.deleteFrom('workloads').where('namespace', '=', id.namespace);
  await inNamespace.where('service_account', '=', id.serviceAccount).execute();
  await audit(tx, actor, { id, before: toWorkload(row), after: undefined });
  return true;
}

type Actor = WorkloadChange['actor'];

interface Changed {
  readonly id: WorkloadId;
  readonly before: Workload | undefined;
  readonly after: Workload | undefined;
}

function audit(tx: Db, actor: Actor, { id, before, after }: Changed): Promise<void> {
  return recordAudit(tx, {
    actor,
    action: after === undefined ? 'workload.removed' : 'workload.granted',
    // No namespace holds a dot.
    target: `workload:${id.namespace}.${id.serviceAccount}`,
    changes: {
      service: { old: before?.service, new: after?.service },
      grants: { old: before?.grants, new: after?.grants },
    },
  });
}

function changedSince(cause: unknown): AuthError {
  return new AuthError('version_conflict', 'the workload was changed since: read it again', { cause });
}

function toColumns({ service, grants }: WorkloadSettings) {
  // An array would be sent as one of PostgreSQL's own.
  return { service: service ?? null, grants: JSON.stringify(grants) };
}

function toWorkload(row: Selectable<Database['workloads']>): Workload {
  const { namespace, service_account: serviceAccount, service, grants, version } = row;
  return { namespace, serviceAccount, ...(service !== null && { service }), grants, version };
}
