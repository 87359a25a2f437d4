import { chmod, lutimes, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a layer records of a file beside its content must not depend on when, where and under which umask it was made. */
export async function fixTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await fixTree(path);
    else await fixEntry(path, 0o644);
  }
  // Last: what happens inside a folder changes its time.
  await fixEntry(folder, 0o755);
}

async function fixEntry(path: string, mode: number): Promise<void> {
  await chmod(path, mode);
  await lutimes(path, 0, 0);
}
