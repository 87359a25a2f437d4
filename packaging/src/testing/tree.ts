import { createHash } from 'node:crypto';
import { cp, lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder outside of the repository, whose `node_modules` nothing there can find; it ends with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'packaging-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Lays what the Dockerfile copies over each other, as the layers of an image do. */
export async function unpack(bundled: string, into: string): Promise<void> {
  for (const tree of await readdir(bundled)) await cp(join(bundled, tree), into, { recursive: true });
}

/** Everything that a layer would record of a tree: path, mode, time and content, in the order of paths. */
export async function recordOf(folder: string): Promise<readonly string[]> {
  const paths = await readdir(folder, { recursive: true });
  return Promise.all(
    paths.toSorted().map(async (path) => {
      const stat = await lstat(join(folder, path));
      const content = stat.isFile() ? await readFile(join(folder, path)) : '';
      const hash = createHash('sha256').update(content).digest('hex');
      return `${path} ${stat.mode.toString(8)} ${stat.mtimeMs} ${hash}`;
    }),
  );
}
