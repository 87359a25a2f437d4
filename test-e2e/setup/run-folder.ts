import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { claim } from '../mesh/claim.ts';
import { endLeftovers } from '../mesh/leftovers.ts';

const PREFIX = 'integration-';

/**
 * A fresh folder below `parent` for the servers of one test run. What runs that were killed left behind is ended and removed first: theirs
 * are the folders that no live process claims.
 */
export async function runFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) if (name.startsWith(PREFIX)) await removeAbandoned(join(parent, name));
  const folder = await mkdtemp(join(parent, PREFIX));
  await claim(folder);
  return folder;
}

async function removeAbandoned(folder: string): Promise<void> {
  const release = await claim(folder);
  if (release === undefined) return;
  await endLeftovers(folder);
  // As root PostgreSQL's data lie elsewhere, behind a link.
  const data = await realpath(join(folder, 'postgres')).catch(() => folder);
  for (const path of [data, folder]) await rm(path, { recursive: true, force: true });
  await release();
}
