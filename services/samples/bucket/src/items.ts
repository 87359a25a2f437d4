import { DatabaseSync } from 'node:sqlite';

export interface Item {
  readonly id: string;
  readonly title: string;
  readonly ownerName: string;
  readonly done: boolean;
  readonly createdAt: string;
}

/** Items of all owners. Every call names the owner, so no route can reach another's row. */
export interface Items extends Disposable {
  list(owner: string): readonly Item[];
  find(owner: string, id: string): Item | undefined;
  /** @returns false when the owner has as many items as one may have */
  add(owner: string, item: Item): boolean;
  /** @returns the item as it is then, or undefined when the owner has no such item */
  setDone(owner: string, id: string, done: boolean): Item | undefined;
  /** @returns false when the owner has no such item */
  remove(owner: string, id: string): boolean;
}

export const MAX_ITEMS_PER_OWNER = 1_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS items (
    owner TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, owner_name TEXT NOT NULL, created_at TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, id)
  ) STRICT, WITHOUT ROWID`;
const COLUMNS = 'id, title, owner_name AS ownerName, created_at AS createdAt, done';

/** @param file path of the SQLite database, made when it does not exist, or `:memory:` */
export function openItems(file: string): Items {
  const database = new DatabaseSync(file);
  database.exec(SCHEMA);
  const list = database.prepare(`SELECT ${COLUMNS} FROM items WHERE owner = ? ORDER BY created_at, id`);
  const find = database.prepare(`SELECT ${COLUMNS} FROM items WHERE owner = ? AND id = ?`);
  const add = database.prepare(
    `INSERT INTO items SELECT ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM items WHERE owner = ?) < ${MAX_ITEMS_PER_OWNER}`,
  );
  const setDone = database.prepare(`UPDATE items SET done = ? WHERE owner = ? AND id = ? RETURNING ${COLUMNS}`);
  const remove = database.prepare('DELETE FROM items WHERE owner = ? AND id = ?');
  return {
    list: (owner) => list.all(owner).map(toItem),
    find: (owner, id) => {
      const row = find.get(owner, id);
      return row === undefined ? undefined : toItem(row);
    },
    add: (owner, { id, title, ownerName, createdAt, done }) =>
      add.run(owner, id, title, ownerName, createdAt, Number(done), owner).changes === 1,
    setDone: (owner, id, done) => {
      const row = setDone.get(Number(done), owner, id);
      return row === undefined ? undefined : toItem(row);
    },
    remove: (owner, id) => remove.run(owner, id).changes === 1,
    [Symbol.dispose]: () => database.close(),
  };
}

/** The table is STRICT: every column is what it was declared as. */
function toItem({ id, title, ownerName, createdAt, done }: Record<string, unknown>): Item {
  const texts = { id: String(id), title: String(title), ownerName: String(ownerName), createdAt: String(createdAt) };
  return { ...texts, done: done === 1 };
}
