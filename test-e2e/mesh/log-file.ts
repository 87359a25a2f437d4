import { copyFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';

const LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Bounds a log: one that is longer than `limit` bytes becomes `<path>.1`, in place of the one before, and starts anew. Its writer appends and
 * need not know; what it writes in between is lost.
 */
export function boundLog(path: string, limit: number = LIMIT_BYTES): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.size <= limit) return;
  try {
    copyFileSync(path, `${path}.1`);
  } catch {
    rmSync(`${path}.1`, { force: true }); // a full disk needs the room more
  }
  truncateSync(path);
}

/** The end of a text file without reading all of it. */
export async function lastLines(path: string, count: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, 16_384);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count).join('\n');
  } finally {
    await file.close();
  }
}
