import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { PackagingError } from './errors.ts';

const Names = Type.Record(Type.String(), Type.String());

const PackageJson = Type.Object({
  name: Type.String({ minLength: 1 }),
  version: Type.String({ minLength: 1 }),
  license: Type.Optional(Type.String({ minLength: 1 })),
  description: Type.Optional(Type.String()),
  dependencies: Type.Optional(Names),
  optionalDependencies: Type.Optional(Names),
});
export type PackageJson = Static<typeof PackageJson>;

/** A package of someone else that is part of an image. */
export interface NpmPackage {
  /** From the root of the repository, for example `node_modules/fastify`. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
  readonly dependencies: readonly string[];
}

/** @throws PackagingError `package_unreadable` */
export async function readPackageJson(folder: string): Promise<PackageJson> {
  const path = join(folder, 'package.json');
  try {
    return Value.Parse(PackageJson, JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new PackagingError('package_unreadable', `${path} does not describe a package`, { cause });
  }
}

/** @throws PackagingError `package_unreadable` | `license_missing` */
export async function readNpmPackage(root: string, folder: string): Promise<NpmPackage> {
  const { name, version, license, ...read } = await readPackageJson(join(root, folder));
  if (license === undefined) {
    throw new PackagingError('license_missing', `${folder} names no license: an image must not contain it`);
  }
  const dependencies = Object.keys({ ...read.dependencies, ...read.optionalDependencies });
  return { folder, name, version, license, dependencies };
}

const LICENSE_FILE = /^(licen[cs]e|copying|notice|.*-licen[cs]e)([.-].*)?$/i;

/** Texts of its licenses and notices, in the order of their files' names. */
export async function licenseTexts(root: string, { folder }: NpmPackage): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && LICENSE_FILE.test(entry.name)).map(({ name }) => name);
  return Promise.all(names.toSorted().map(async (name) => (await readFile(join(root, folder, name), 'utf8')).trim()));
}

const FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

/** Folder of the package that a file belongs to; undefined for one of our own. */
export function packageFolder(file: string): string | undefined {
  return FOLDER.exec(file)?.[0];
}
