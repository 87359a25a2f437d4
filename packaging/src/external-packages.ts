import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type NpmPackage, readNpmPackage } from './npm-package.ts';

/** What nobody loads: types, maps, a second copy for CommonJS, and extensions of PostgreSQL. */
const LEFT_OUT = /(\.(d\.[cm]?ts|map|cjs|tar\.gz)|^readme\.md)$/i;
const FOLDERS_LEFT_OUT = ['node_modules', 'contrib', 'bin'];

/**
 * These packages, with everything that they depend on as far as it is installed: of a native library that is the one
 * for this machine's processor and C library.
 */
export async function externalPackages(root: string, names: readonly string[]): Promise<readonly NpmPackage[]> {
  const found = new Map<string, NpmPackage>();
  const add = async (folder: string | undefined): Promise<void> => {
    if (folder === undefined || found.has(folder)) return;
    const one = await readNpmPackage(root, folder);
    found.set(folder, one);
    for (const name of one.dependencies) await add(installed(root, folder, name));
  };
  for (const name of names) await add(installed(root, '', name));
  return [...found.values()];
}

/** Where Node would find `name` from a package's folder: in the closest `node_modules` on the way up. */
function installed(root: string, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(root, candidate, 'package.json'))) return candidate;
    if (folder === '' || folder === '.') return undefined;
  }
}

/** Into `target/node_modules`, each at the place where it was installed. */
export async function copyPackages(root: string, packages: readonly NpmPackage[], target: string): Promise<void> {
  for (const { folder } of packages) {
    const source = join(root, folder);
    const filter = (path: string) => isNeeded(relative(source, path));
    await cp(source, join(target, folder), { recursive: true, dereference: true, filter });
  }
}

function isNeeded(path: string): boolean {
  return !path.split(sep).some((name) => FOLDERS_LEFT_OUT.includes(name)) && !LEFT_OUT.test(basename(path));
}
