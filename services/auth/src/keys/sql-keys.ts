import type { Kysely } from 'kysely';
import { guarded } from '../database/guard.ts';
import type { Database } from '../database/schema.ts';
import type { KeyStore } from './key-ring.ts';

/** Signing keys in PostgreSQL or PGlite. */
export function createSqlKeys(db: Kysely<Database>): KeyStore {
  return {
    list: () =>
      guarded(db.selectFrom('signing_keys').select(['kid', 'state', 'sealed']).orderBy('created_at').execute()),
    async addActive({ kid, sealed }) {
      const row = { kid, sealed: Buffer.from(sealed), state: 'active' as const };
      await guarded(
        db
          .insertInto('signing_keys')
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      );
    },
  };
}
