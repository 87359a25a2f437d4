import { generateSigningKey } from '@sekisho/tokens';
import type { KeyStore, NewKey } from '../keys/key-store.ts';
import type { KeyRegion } from '../keys/region.ts';
import { createSqlKeys } from '../keys/sql-keys.ts';
import { memoryKeys } from './memory-keys.ts';
import { type DatabaseKind, databaseKinds, openTestDatabase } from './real-service.ts';

/** The tables ask nothing of it. */
const { publicJwk } = await generateSigningKey();

export function newKey(kid: string): NewKey {
  return {
    ...{ kid, alg: 'ES256', sealed: Buffer.from(kid), longestTokenMs: 1_000 },
    publicJwk: { ...publicJwk, kid },
  };
}

/** The same keys, as one process sees them and as those of a region do. */
export interface OpenKeyStores {
  readonly store: KeyStore;
  inRegion(region: KeyRegion): KeyStore;
  empty(): Promise<unknown>;
  close(): Promise<void>;
}

export interface KeyStoreKind {
  readonly name: string;
  open(): Promise<OpenKeyStores>;
}

/** Every database, and the double that unit tests use: it keeps the same conditions. */
export function keyStoreKinds(postgresUrl: string): readonly KeyStoreKind[] {
  return [{ name: 'memory', open: async () => openInMemory() }, ...databaseKinds(postgresUrl).map(sqlKind)];
}

function sqlKind({ name, create }: DatabaseKind): KeyStoreKind {
  return {
    name,
    async open() {
      const { url, remove } = await create();
      const { db, close } = await openTestDatabase(url);
      return {
        store: createSqlKeys(db, 'auth'),
        inRegion: (region) => createSqlKeys(db, 'auth', { region }),
        empty: () => db.deleteFrom('signing_keys').execute(),
        async close() {
          await close();
          await remove();
        },
      };
    },
  };
}

function openInMemory(): OpenKeyStores {
  const store = memoryKeys(Date.now);
  return {
    store,
    inRegion: (region) => memoryKeys(Date.now, { region, rows: store.rows }),
    empty: async () => store.rows.clear(),
    close: async () => undefined,
  };
}
