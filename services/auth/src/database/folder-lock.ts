import { DatabaseSync } from 'node:sqlite';
import { AuthError } from '../errors.ts';

const SQLITE_BUSY = 5;

/**
 * PGlite lets two processes open one folder, and each then destroys what the other wrote. Node has no file locks of
 * its own, SQLite does: an exclusive transaction on an empty file beside the folder. The kernel ends it with the
 * process, so nothing is ever stale and no process id can be mistaken for another's. The file stays: were it removed,
 * two could hold a lock on two files of one name.
 * @returns a function that gives the folder back
 * @throws AuthError `database_in_use`
 */
export function lockFolder(folder: string): () => void {
  const lock = new DatabaseSync(`${folder.replace(/\/+$/, '')}.lock.sqlite`);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if (!isBusy(cause)) throw cause;
    throw new AuthError('database_in_use', 'another process has the embedded database open; it serves one', { cause });
  }
  return () => lock.close();
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
