import { DatabaseSync } from 'node:sqlite';

export interface Notification {
  readonly id: string;
  readonly text: string;
  /** Who acted for the user, `system:serviceaccount:<namespace>:<name>`. */
  readonly from: string;
  readonly createdAt: string;
}

/** Notifications of all users. Every call names the owner, so no route can reach another's row. */
export interface Inboxes extends Disposable {
  /** The newest first. */
  list(owner: string): readonly Notification[];
  /** The oldest ones make room when there are too many. */
  add(owner: string, notification: Notification): void;
  /** @returns false when the owner has no such notification */
  remove(owner: string, id: string): boolean;
}

export const MAX_PER_OWNER = 100;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS notifications (
    number INTEGER PRIMARY KEY, owner TEXT NOT NULL, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL,
    sender TEXT NOT NULL, created_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS notifications_by_owner ON notifications (owner, number)`;

/** @param file path of the SQLite database, made when it does not exist, or `:memory:` */
export function openInboxes(file: string): Inboxes {
  const database = new DatabaseSync(file);
  database.exec(SCHEMA);
  const list = database.prepare(
    'SELECT id, text, sender, created_at AS createdAt FROM notifications WHERE owner = ? ORDER BY number DESC',
  );
  const add = database.prepare(
    'INSERT INTO notifications (owner, id, text, sender, created_at) VALUES (?, ?, ?, ?, ?)',
  );
  const trim = database.prepare(
    `DELETE FROM notifications WHERE number IN
      (SELECT number FROM notifications WHERE owner = ? ORDER BY number DESC LIMIT -1 OFFSET ${MAX_PER_OWNER})`,
  );
  const remove = database.prepare('DELETE FROM notifications WHERE owner = ? AND id = ?');
  return {
    list: (owner) => list.all(owner).map(toNotification),
    add: (owner, { id, text, from, createdAt }) => {
      add.run(owner, id, text, from, createdAt);
      trim.run(owner);
    },
    remove: (owner, id) => remove.run(owner, id).changes === 1,
    [Symbol.dispose]: () => database.close(),
  };
}

/** The table is STRICT: every column is the text that it was declared as. */
function toNotification({ id, text, sender, createdAt }: Record<string, unknown>): Notification {
  return { id: String(id), text: String(text), from: String(sender), createdAt: String(createdAt) };
}
