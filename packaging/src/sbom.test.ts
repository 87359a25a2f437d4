import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bundlePart } from './bundle.ts';
import { PARTS } from './parts.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Bom {
  readonly serialNumber: string;
  readonly components: readonly {
    readonly purl: string;
    readonly 'bom-ref': string;
    readonly hashes?: readonly { readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

let bom: Bom;
beforeAll(async () => {
  const part = PARTS.find(({ name }) => name === 'auth');
  if (part === undefined) throw new Error('there is no such part');
  const target = await mkdtemp(join(tmpdir(), 'sbom-'));
  try {
    await bundlePart(part, { root: ROOT, target });
    bom = JSON.parse(await readFile(join(target, 'auth/bundle/app/sbom.cdx.json'), 'utf8'));
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}, 300_000);

const named = (name: string) => bom.components.find(({ purl }) => purl.startsWith(`pkg:npm/${name}@`));

test('lists what the image really has: in the bundle, beside it, and beneath that', () => {
  for (const name of ['fastify', 'oidc-provider', 'pg', '%40electric-sql/pglite', '%40node-rs/argon2']) {
    expect(named(name), name).toBeDefined();
  }
  expect(bom.components.some(({ purl }) => /%40node-rs\/argon2-linux-[a-z0-9]+-[a-z]+@/.test(purl))).toBe(true);
  for (const name of ['vitest', 'esbuild', 'typescript', 'playwright-core']) expect(named(name), name).toBeUndefined();
});

test('every component has the hash of the lockfile, and refers to components alone', () => {
  const refs = new Set(bom.components.map((one) => one['bom-ref']));
  expect(refs.size).toBe(bom.components.length);
  for (const { purl, hashes } of bom.components) expect(hashes?.[0]?.content, purl).toMatch(/^[0-9a-f]{128}$/);
  const mentioned = bom.dependencies.flatMap(({ dependsOn }) => dependsOn);
  expect(mentioned.filter((ref) => !refs.has(ref))).toEqual([]);
  expect(bom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
