import type { Kysely } from 'kysely';
import { compiledOnce } from '../../database/compiled.ts';
import { guarded } from '../../database/guard.ts';
import { type FindAll, lookUpTogether } from '../../database/look-up-together.ts';
import type { Database } from '../../database/schema.ts';
import type { ClientCredentials, ClientStore, OAuthClient } from './client.ts';
import { addSecret, insert, remove, replace } from './sql-changes.ts';
import { credentialsByIds, toClient, toCredentials } from './sql-rows.ts';

/** Of the characters that ids have. */
const CLIENT_ID = /^[a-z0-9-]{1,63}$/;
const NOBODY: readonly string[] = [];

/**
 * Clients in PostgreSQL or PGlite.
 * @param reads where single statements that read are asked; see OpenDatabase. @default db
 */
export function createSqlClients(db: Kysely<Database>, reads = db): ClientStore {
  const find = lookUpTogether(credentialsById(reads));
  return {
    // Anybody may ask for anything: what no client is called by could fail all who ask at the same time.
    find: async (id) => (CLIENT_ID.test(id) ? guarded(find(id)) : undefined),
    list: (after, limit) => guarded(list(reads, after, limit)),
    create: (client, secretHash, by) =>
      guarded(db.transaction().execute((tx) => insert(tx, { client, secretHash, by }))),
    replace: (client, change) => guarded(db.transaction().execute((tx) => replace(tx, client, change))),
    addSecret: (id, secret, change) =>
      guarded(db.transaction().execute((tx) => addSecret(tx, { id, ...secret }, change))),
    remove: (id, by) => guarded(db.transaction().execute((tx) => remove(tx, id, by))),
  };
}

function credentialsById(db: Kysely<Database>): FindAll<ClientCredentials> {
  const ask = compiledOnce(db, NOBODY, (ids: readonly string[]) => credentialsByIds(db, ids));
  return async (ids) => new Map((await ask(ids)).map((row) => [row.client_id, toCredentials(row)]));
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
