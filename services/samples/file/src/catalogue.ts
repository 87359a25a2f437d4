import { DatabaseSync } from 'node:sqlite';

export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly createdAt: string;
}

/** Who owns which file. Every call names the owner, so no route can reach another's. */
export interface Catalogue extends Disposable {
  list(owner: string): readonly StoredFile[];
  find(owner: string, id: string): StoredFile | undefined;
  /** @returns false when the owner has as many files as one may have */
  add(owner: string, file: StoredFile): boolean;
  /** @returns false when the owner has no such file */
  remove(owner: string, id: string): boolean;
  /** Whether anybody has it. */
  holds(id: string): boolean;
}

export const MAX_FILES_PER_OWNER = 100;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL, created_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS files_by_owner ON files (owner, created_at, id)`;
const COLUMNS = 'id, name, bytes, created_at AS createdAt';

/** @param path of the SQLite database, made when it does not exist */
export function openCatalogue(path: string): Catalogue {
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  const list = database.prepare(`SELECT ${COLUMNS} FROM files WHERE owner = ? ORDER BY created_at, id`);
  const find = database.prepare(`SELECT ${COLUMNS} FROM files WHERE owner = ? AND id = ?`);
  const add = database.prepare(
    `INSERT INTO files SELECT ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM files WHERE owner = ?) < ${MAX_FILES_PER_OWNER}`,
  );
  const remove = database.prepare('DELETE FROM files WHERE owner = ? AND id = ?');
  const holds = database.prepare('SELECT 1 FROM files WHERE id = ?');
  return {
    list: (owner) => list.all(owner).map(toFile),
    find: (owner, id) => {
      const row = find.get(owner, id);
      return row === undefined ? undefined : toFile(row);
    },
    add: (owner, { id, name, bytes, createdAt }) => add.run(id, owner, name, bytes, createdAt, owner).changes === 1,
    remove: (owner, id) => remove.run(owner, id).changes === 1,
    holds: (id) => holds.get(id) !== undefined,
    [Symbol.dispose]: () => database.close(),
  };
}

/** The table is STRICT: every column is what it was declared as. */
function toFile({ id, name, bytes, createdAt }: Record<string, unknown>): StoredFile {
  return { id: String(id), name: String(name), bytes: Number(bytes), createdAt: String(createdAt) };
}
