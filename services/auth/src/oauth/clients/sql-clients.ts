import type { Kysely } from 'kysely';
import { compiledOnce } from '../../database/compiled.ts';
import { guarded } from '../../database/guard.ts';
import type { Database } from '../../database/schema.ts';
import type { ClientStore, OAuthClient } from './client.ts';
import { addSecret, insert, remove, replace } from './sql-changes.ts';
import { credentialsById, toClient, toCredentials } from './sql-rows.ts';

/** Clients in PostgreSQL or PGlite. */
export function createSqlClients(db: Kysely<Database>): ClientStore {
  const find = compiledOnce(db, (id) => credentialsById(db, id));
  return {
    find: (id) => guarded(find(id).then((row) => row && toCredentials(row))),
    list: (after, limit) => guarded(list(db, after, limit)),
    create: (client, secretHash, by) =>
      guarded(db.transaction().execute((tx) => insert(tx, { client, secretHash, by }))),
    replace: (client, by) => guarded(db.transaction().execute((tx) => replace(tx, client, by))),
    addSecret: (id, secret, by) => guarded(db.transaction().execute((tx) => addSecret(tx, { id, ...secret }, by))),
    remove: (id, by) => guarded(db.transaction().execute((tx) => remove(tx, id, by))),
  };
}

async function list(db: Kysely<Database>, after: string | undefined, limit: number): Promise<readonly OAuthClient[]> {
  const rows = await db
    .selectFrom('oauth_clients')
    .selectAll()
    .where('client_id', '>', after ?? '')
    .orderBy('client_id')
    .limit(limit)
    .execute();
  return rows.map(toClient);
}
