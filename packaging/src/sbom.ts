import { createHash } from 'node:crypto';
import type { Contents } from './contents.ts';
import type { NpmPackage } from './npm-package.ts';

export interface SbomSubject {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly contents: Contents;
  /** By folder; see lockfile.ts. */
  readonly hashes: ReadonlyMap<string, string>;
}

/**
 * A bill of materials, CycloneDX 1.6 in JSON. It holds no time and its serial number comes from its content: the same
 * image has the same one.
 */
export function sbom(subject: SbomSubject): string {
  const body = {
    version: 1,
    metadata: { lifecycles: [{ phase: 'build' }], component: application(subject) },
    components: components(subject),
    dependencies: dependencies(subject),
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(body))}`;
  return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber, ...body }, undefined, 2)}\n`;
}

const refOf = ({ name, version }: Pick<SbomSubject, 'name' | 'version'>) => `sekisho/${name}@${version}`;

function application({ name, version, license }: SbomSubject) {
  const ref = refOf({ name, version });
  return {
    ...{ type: 'application', 'bom-ref': ref, group: 'sekisho', name, version },
    licenses: [{ expression: license }],
  };
}

/** A package that is installed twice in one version is one. */
function components({ contents, hashes }: SbomSubject) {
  const byPurl = new Map(contents.packages.map((one) => [purl(one), component(one, hashes.get(one.folder))]));
  return [...byPurl].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function component(one: NpmPackage, hash: string | undefined) {
  const [, group, name] = /^(?:(@[^/]+)\/)?(.+)$/.exec(one.name) ?? [];
  return {
    type: 'library',
    'bom-ref': purl(one),
    ...(group !== undefined && { group }),
    name,
    version: one.version,
    ...(hash !== undefined && { hashes: [{ alg: 'SHA-512', content: hash }] }),
    licenses: [{ expression: one.license }],
    purl: purl(one),
  };
}

function dependencies(subject: SbomSubject) {
  const { packages, direct, imports } = subject.contents;
  const purls = new Map(packages.map((one) => [one.folder, purl(one)]));
  const among = (folders: Iterable<string>) => [...folders].flatMap((folder) => purls.get(folder) ?? []);
  const edges = new Map<string, Set<string>>([[refOf(subject), new Set(among(direct))]]);
  for (const { folder } of packages) {
    for (const ref of among([folder])) {
      edges.set(ref, new Set([...(edges.get(ref) ?? []), ...among(imports.get(folder) ?? [])]));
    }
  }
  return [...edges].map(([ref, dependsOn]) => ({ ref, dependsOn: [...dependsOn].toSorted() })).toSorted(byRef);
}

function byRef(a: { readonly ref: string }, b: { readonly ref: string }): number {
  return a.ref < b.ref ? -1 : 1;
}

/** https://github.com/package-url/purl-spec, type npm. */
function purl({ name, version }: NpmPackage): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** Version 8 of RFC 9562: what is in it is ours. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
