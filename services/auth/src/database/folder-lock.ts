import { readFile, rm, writeFile } from 'node:fs/promises';
import { AuthError } from '../errors.ts';

/**
 * PGlite lets two processes open one folder, and each then destroys what the other wrote. A file beside the folder
 * names the process that has it; what a killed process left behind is taken over.
 * @returns a function that gives the folder back
 * @throws AuthError `database_in_use`
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = `${folder.replace(/\/+$/, '')}.lock`;
  if (!(await claim(path))) {
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    // In a container every process has the same id: its own can only be what an earlier one left.
    if (holder !== process.pid && isAlive(holder)) {
      throw new AuthError('database_in_use', `process ${holder} has the embedded database open; it serves one process`);
    }
    await rm(path, { force: true });
    if (!(await claim(path))) throw new AuthError('database_in_use', 'another process opens the embedded database');
  }
  return () => rm(path, { force: true });
}

async function claim(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
