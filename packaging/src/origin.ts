import { join } from 'node:path';
import type { Origin, Run } from './images.ts';
import { readPackageJson } from './npm-package.ts';

/**
 * Read from git, where the sources are a clone.
 * @param epoch SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), which decides where it is set
 */
export async function originOf(root: string, run: Run, epoch: string | undefined): Promise<Origin> {
  const { version } = await readPackageJson(join(root, 'packaging'));
  const head = await run(['git', 'log', '-1', '--format=%H %ct']).catch(() => '');
  const [revision = '', committed = '0'] = head.trim().split(' ');
  const created = new Date(Number(epoch ?? committed) * 1000);
  if (revision === '') return { version, revision: 'unknown', created };
  const changes = await run(['git', 'status', '--porcelain', '--untracked-files=no']);
  return { version, revision: changes.trim() === '' ? revision : `${revision}-dirty`, created };
}
