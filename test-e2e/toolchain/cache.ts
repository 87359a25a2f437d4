import { createHash } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { ToolchainError } from './errors.ts';

const TEMPORARY = '.tmp-';
/** Longer than any tool takes to be made. */
const ABANDONED_AFTER_MS = 24 * 3600_000;

/** What making a tool needs to know. */
export interface Workshop {
  /** Where tools are kept. */
  readonly cache: string;
  readonly report: (line: string) => void;
  /** Gives the making up. */
  readonly signal?: AbortSignal;
}

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
 * nothing half done, and two checkouts that build the same tool at once do not disturb each other. Nothing is written when `target` is
 * there, so a cache that is complete may be read-only.
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
    await mkdir(dirname(target), { recursive: true });
    await removeAbandoned(dirname(target));
    return await mkdtemp(target + TEMPORARY);
  } catch (error) {
    throw asCacheError(error, target);
  }
}

/** Removes what killed runs were making. */
async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (!name.includes(TEMPORARY) || Date.now() - (await modified(path)) < ABANDONED_AFTER_MS) continue;
    await rm(path, { recursive: true, force: true });
  }
}

/** Milliseconds since the epoch; now, when another run removed it meanwhile. */
async function modified(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  );
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
