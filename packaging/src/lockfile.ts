import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

const Lockfile = Type.Object({
  packages: Type.Record(Type.String(), Type.Object({ integrity: Type.Optional(Type.String()) })),
});

/** SHA-512 in hexadecimal of each package as the registry served it, by folder, from package-lock.json. */
export async function lockedHashes(root: string): Promise<ReadonlyMap<string, string>> {
  const { packages } = Value.Parse(Lockfile, JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
  return new Map(Object.entries(packages).flatMap(([folder, { integrity }]) => hashEntry(folder, integrity)));
}

function hashEntry(folder: string, integrity = ''): [string, string][] {
  const [, base64] = /(?:^|\s)sha512-([A-Za-z0-9+/=]+)/.exec(integrity) ?? [];
  return base64 === undefined ? [] : [[folder, Buffer.from(base64, 'base64').toString('hex')]];
}
