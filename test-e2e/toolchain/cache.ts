import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ToolchainError } from './errors.ts';

/** Where built tools are kept between runs and checkouts: `SEKISHO_CACHE`, else `$XDG_CACHE_HOME/sekisho`, else `~/.cache/sekisho`. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env['SEKISHO_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sekisho');
}

/** A short name for content: what is built from equal inputs lies in one folder, so checkouts share it. */
export async function digest(files: readonly string[], ...parts: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file)).update('\0');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 12);
}

export function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Makes `target` unless it is there. `make` fills a folder beside it, which is renamed when it is whole: an interrupted run leaves
 * nothing half done, and two checkouts that build the same tool at once do not disturb each other.
 * @throws ToolchainError `cache_unusable` when the folder cannot be written
 */
export async function once(target: string, make: (folder: string) => Promise<void>): Promise<string> {
  if (await exists(target)) return target;
  const folder = await temporaryBeside(target);
  try {
    await make(folder);
    await rename(folder, target);
  } catch (error) {
    if (isTaken(error) && (await exists(target))) return target;
    throw asCacheError(error, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return target;
}

async function temporaryBeside(target: string): Promise<string> {
  try {
    await mkdir(join(target, '..'), { recursive: true });
    return await mkdtemp(`${target}.tmp-`);
  } catch (error) {
    throw asCacheError(error, target);
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
const isTaken = (error: unknown): boolean => ['EEXIST', 'ENOTEMPTY'].includes(String(codeOf(error)));

function asCacheError(error: unknown, target: string): unknown {
  const reason = String(codeOf(error));
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR'].includes(reason)) return error;
  return new ToolchainError(
    'cache_unusable',
    `cannot write ${target} (${reason}). Free some space there, or set SEKISHO_CACHE to a writable folder with 1 GB free.`,
    { cause: error },
  );
}
