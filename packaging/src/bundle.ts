import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Contents, contentsOf } from './contents.ts';
import { PackagingError } from './errors.ts';
import { BUNDLE, esbuildOptions } from './esbuild-options.ts';
import { copyPackages } from './external-packages.ts';
import { fixTree } from './fixed-tree.ts';
import { lockedHashes } from './lockfile.ts';
import { readPackageJson } from './npm-package.ts';
import type { Part } from './parts.ts';
import { sbom } from './sbom.ts';
import { thirdPartyLicenses } from './third-party-licenses.ts';

export interface Bundled {
  readonly part: Part;
  /** Of the one file, without what lies beside it. */
  readonly bytes: number;
  /** How many packages of others are in the image. */
  readonly packages: number;
}

export interface BundlePlaces {
  /** Of the repository. */
  readonly root: string;
  /** Folder with one folder for each part. */
  readonly target: string;
}

/**
 * Writes the two trees that an image adds to its base. `target/<part>/bundle` has the bundle with its source map, what
 * the process reads beside it, the licenses and the bill of materials; `target/<part>/packages` the packages that are
 * no part of the bundle, which change seldom. Each begins at the root: a layer that makes `/app` itself would record when.
 * @throws PackagingError, or what esbuild says about a source
 */
export async function bundlePart(part: Part, { root, target }: BundlePlaces): Promise<Bundled> {
  const folder = join(target, part.name);
  const app = join(folder, 'bundle/app');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(app, 'dist'), { recursive: true });
  const { metafile } = await build(esbuildOptions(part, root, app));
  const contents = await contentsOf(part, root, metafile);
  await copyPackages(root, contents.external, join(folder, 'packages/app'));
  for (const asset of part.assets) await cp(join(root, part.folder, asset), join(app, asset), { recursive: true });
  await writeDocuments(part, { root, app, contents });
  await fixTree(folder);
  return { part, bytes: bundleBytes(part, metafile.outputs), packages: contents.packages.length };
}

async function writeDocuments(
  part: Part,
  { root, app, contents }: { root: string; app: string; contents: Contents },
): Promise<void> {
  const { version, license = 'Apache-2.0' } = await readPackageJson(join(root, part.folder));
  const subject = { name: part.name, version, license, contents, hashes: await lockedHashes(root) };
  // Node reads from it that the bundle is an ECMAScript module.
  const manifest = { name: `@sekisho/${part.name}`, version, license, type: 'module', main: BUNDLE };
  await writeFile(join(app, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  await writeFile(join(app, 'sbom.cdx.json'), sbom(subject));
  await writeFile(join(app, 'THIRD-PARTY-LICENSES.txt'), await thirdPartyLicenses(root, contents.packages));
  await cp(join(root, 'LICENSE'), join(app, 'LICENSE'));
}

function bundleBytes(
  { name }: Part,
  outputs: Readonly<Record<string, { bytes: number; entryPoint?: string }>>,
): number {
  const output = Object.values(outputs).find(({ entryPoint }) => entryPoint !== undefined);
  if (output === undefined) throw new PackagingError('import_unresolved', `esbuild wrote no bundle of ${name}`);
  return output.bytes;
}
