import { DatabaseSync } from 'node:sqlite';

/** Display names by user id. A user who has not chosen one has a name made from the id. */
export interface Names extends Disposable {
  of(userId: string): string;
  set(userId: string, name: string): void;
}

const SCHEMA = 'CREATE TABLE IF NOT EXISTS names (user_id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID';

/** @param file path of the SQLite database, made when it does not exist, or `:memory:` */
export function openNames(file: string): Names {
  const database = new DatabaseSync(file);
  database.exec(SCHEMA);
  const find = database.prepare('SELECT name FROM names WHERE user_id = ?');
  const set = database.prepare('INSERT INTO names VALUES (?, ?) ON CONFLICT DO UPDATE SET name = excluded.name');
  return {
    of: (userId) => String(find.get(userId)?.['name'] ?? `user-${userId.slice(0, 8)}`),
    set: (userId, name) => void set.run(userId, name),
    [Symbol.dispose]: () => database.close(),
  };
}
