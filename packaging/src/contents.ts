import { isBuiltin } from 'node:module';
import type { Metafile } from 'esbuild';
import { PackagingError } from './errors.ts';
import { externalPackages } from './external-packages.ts';
import { type NpmPackage, packageFolder, readNpmPackage } from './npm-package.ts';
import type { Part } from './parts.ts';

/** What an image has of others. */
export interface Contents {
  /** Sorted by folder; those in the bundle and those beside it. */
  readonly packages: readonly NpmPackage[];
  /** Folders of the packages that our own code imports. */
  readonly direct: ReadonlySet<string>;
  /** Which package imports which, by folder. */
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>;
  /** The part of `packages` that lies beside the bundle. */
  readonly external: readonly NpmPackage[];
}

/** Their users do without them where they are not installed. */
const OPTIONAL = ['pg-native', 'bufferutil', 'utf-8-validate'];

/** They change modules as these are loaded, and in one file no module is: spans and metrics would be missing silently. */
const PATCHES_AT_IMPORT = /(^|\/)(import|require)-in-the-middle$/;

/**
 * Reads from esbuild's account what really is in the bundle: a package of which nothing was kept is not.
 * @throws PackagingError `import_undeclared` | `patched_at_import` | `license_missing` | `package_unreadable`
 */
export async function contentsOf(part: Part, root: string, { inputs, outputs }: Metafile): Promise<Contents> {
  const bundles = Object.values(outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  const used = bundles.flatMap((bundle) => Object.entries(bundle.inputs));
  const files = used.flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []));
  const folders = new Set(files.flatMap((file) => packageFolder(file) ?? []));
  refusePatches(part, folders);
  refuseUndeclared(part, bundles);
  const external = await externalPackages(root, part.external);
  const bundled = await Promise.all([...folders].map((folder) => readNpmPackage(root, folder)));
  const packages = new Map([...bundled, ...external].map((one) => [one.folder, one]));
  return {
    packages: [...packages.values()].toSorted((a, b) => (a.folder < b.folder ? -1 : 1)),
    ...importsAmong(files, inputs, external),
    external,
  };
}

function refusePatches({ name }: Part, folders: ReadonlySet<string>): void {
  const found = [...folders].find((folder) => PATCHES_AT_IMPORT.test(folder));
  if (found === undefined) return;
  const text = `${name} contains ${found}: instrument by hooks or diagnostics_channel, which work in a bundle`;
  throw new PackagingError('patched_at_import', text);
}

function refuseUndeclared({ name, external }: Part, bundles: readonly Metafile['outputs'][string][]): void {
  const known = [...external, ...OPTIONAL];
  const isKnown = (path: string) => isBuiltin(path) || known.some((one) => path === one || path.startsWith(`${one}/`));
  const unknown = bundles.flatMap(({ imports }) => imports).find((one) => one.external && !isKnown(one.path));
  if (unknown === undefined) return;
  const text = `${name} imports ${unknown.path}, which is not in its bundle: install it, or name it in parts.ts`;
  throw new PackagingError('import_undeclared', text);
}

function importsAmong(files: readonly string[], inputs: Metafile['inputs'], external: readonly NpmPackage[]) {
  const direct = new Set<string>();
  const imports = new Map<string, Set<string>>();
  const outside = new Map(external.map(({ name, folder }) => [name, folder]));
  for (const file of files) {
    const importer = packageFolder(file);
    const into = importer === undefined ? direct : entry(imports, importer);
    for (const { path } of inputs[file]?.imports ?? []) {
      const imported = outside.get(path) ?? packageFolder(path);
      if (imported !== undefined && imported !== importer) into.add(imported);
    }
  }
  for (const { folder, dependencies } of external) {
    for (const name of dependencies) {
      const imported = outside.get(name);
      if (imported !== undefined) entry(imports, folder).add(imported);
    }
  }
  return { direct, imports };
}

function entry(map: Map<string, Set<string>>, key: string): Set<string> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}
