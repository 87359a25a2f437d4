import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bundlePart } from './bundle.ts';
import { PARTS, type Part } from './parts.ts';
import { recordOf, temporaryFolder } from './testing/tree.ts';

const ROOT = join(import.meta.dirname, '../..');
const LICENSE = 'Apache-2.0';
const PART: Part = { name: 'one', image: 'one', folder: 'one', external: [], assets: [] };

/** A repository with these files. */
async function repository(files: Readonly<Record<string, string | object>>): Promise<string> {
  const root = await temporaryFolder();
  const all = {
    'one/package.json': { name: '@sekisho/one', version: '1.0.0', license: LICENSE },
    'package-lock.json': { packages: {} },
    LICENSE: 'terms',
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return root;
}

/** A package of someone else that exports a string of its own. */
const installed = (name: string, more: object = {}) => ({
  [`node_modules/${name}/package.json`]: { name, version: '2.0.0', license: 'MIT', main: 'index.js', ...more },
  [`node_modules/${name}/index.js`]: `module.exports = 'this is ${name}';`,
});

async function bundled(files: Readonly<Record<string, string | object>>, part = PART) {
  const root = await repository(files);
  await bundlePart(part, { root, target: join(root, 'dist') });
  const app = join(root, 'dist/one/bundle/app');
  return { root, read: (path: string) => readFile(join(app, path), 'utf8') };
}

test('two bundles of one source are the same in content, times and modes', async () => {
  const part = PARTS.find(({ name }) => name === 'web');
  if (part === undefined) throw new Error('there is no such part');
  const folder = await temporaryFolder();
  const mask = process.umask();
  onTestFinished(() => void process.umask(mask));
  const records: (readonly string[])[] = [];
  for (const umask of [0o022, 0o077]) {
    process.umask(umask);
    await bundlePart(part, { root: ROOT, target: join(folder, String(umask)) });
    records.push(await recordOf(join(folder, String(umask))));
  }
  expect(records[0]).toEqual(records[1]);
  expect(records[0]).toContainEqual(expect.stringMatching(/^web\/bundle\/app\/dist\/main\.js 100644 0 /));
  expect(records[0]).toContainEqual(expect.stringMatching(/^web\/bundle\/app 40755 0 /));
}, 300_000);

test('what is imported and used is listed with its license; what is only installed is not', async () => {
  const { read } = await bundled({
    ...installed('used'),
    ...installed('unused'),
    'node_modules/used/LICENSE': 'Copyright Somebody',
    'one/src/main.ts': "import used from 'used';\nconsole.log(used);",
  });
  const { components, dependencies } = JSON.parse(await read('sbom.cdx.json'));
  expect(components).toEqual([
    expect.objectContaining({ purl: 'pkg:npm/used@2.0.0', licenses: [{ expression: 'MIT' }] }),
  ]);
  expect(dependencies).toContainEqual({ ref: 'sekisho/one@1.0.0', dependsOn: ['pkg:npm/used@2.0.0'] });
  const licenses = await read('THIRD-PARTY-LICENSES.txt');
  expect(licenses).toContain('used 2.0.0 (MIT)');
  expect(licenses).toContain('Copyright Somebody');
  expect(licenses).not.toContain('unused');
});

test('a package beside the bundle brings what it depends on, as far as that is installed', async () => {
  const { root, read } = await bundled(
    {
      ...installed('native', { dependencies: { helper: '2' }, optionalDependencies: { 'native-for-others': '2' } }),
      ...installed('helper'),
      'one/src/main.ts': "import native from 'native';\nconsole.log(native);",
    },
    { ...PART, external: ['native'] },
  );
  const { components } = JSON.parse(await read('sbom.cdx.json'));
  expect(components.map(({ name }: { name: string }) => name)).toEqual(['helper', 'native']);
  const beside = join(root, 'dist/one/packages/app/node_modules');
  expect(await readFile(join(beside, 'helper/index.js'), 'utf8')).toContain('this is helper');
  expect(await read('dist/main.js')).not.toContain('this is native');
});

test('assets lie where the source looks for them', async () => {
  const { read } = await bundled(
    { 'one/pages/index.html': '<p>', 'one/src/main.ts': 'console.log(import.meta.dirname)' },
    { ...PART, assets: ['pages'] },
  );
  expect(await read('pages/index.html')).toBe('<p>');
});

test.each([
  [
    'patched_at_import',
    {
      ...installed('require-in-the-middle'),
      'one/src/main.ts': "import x from 'require-in-the-middle';\nconsole.log(x);",
    },
    'diagnostics_channel',
  ],
  [
    'import_undeclared',
    { 'one/src/main.ts': "try { console.log(require('nowhere')) } catch {}\ndeclare const require: any;" },
    'one imports nowhere',
  ],
  [
    'license_missing',
    {
      ...installed('unclear', { license: undefined }),
      'one/src/main.ts': "import x from 'unclear';\nconsole.log(x);",
    },
    'node_modules/unclear names no license',
  ],
])('%s: a bundle that would lose something, or owe it, is not made', async (code, files, text) => {
  const failed = bundled(files);
  await expect(failed).rejects.toMatchObject({ code });
  await expect(failed).rejects.toThrow(text);
});
