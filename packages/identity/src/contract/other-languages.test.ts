import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { vectorsFile } from './vectors.ts';

const run = promisify(execFile);
const EXAMPLES = resolve(import.meta.dirname, '../../../../docs/examples');
/** Go compiles its own library first on a machine where it has not been used. */
const TIMEOUT_MS = 600_000;

async function isInstalled(command: string, argument: string): Promise<boolean> {
  return run(command, [argument]).then(
    () => true,
    () => false,
  );
}

/** By the machine's own tools, with no download. */
const LANGUAGES = [
  { name: 'Python', folder: 'python', command: 'python3', version: '--version', args: ['-B', '-m', 'unittest', '-v'] },
  { name: 'Go', folder: 'go', command: 'go', version: 'version', args: ['test', '-count=1', './...'] },
] as const;

test('the vectors that the examples are tested with are those that this library is', async () => {
  await expect(vectorsFile()).toMatchFileSnapshot(join(EXAMPLES, 'testdata/vectors.json'));
});

for (const { name, folder, command, version, args } of LANGUAGES) {
  const installed = await isInstalled(command, version);
  const note = installed ? '' : ` (not run: there is no ${command} here)`;
  test.skipIf(!installed)(
    `the example in ${name} reads every vector as this library does${note}`,
    { timeout: TIMEOUT_MS },
    async () => {
      // biome-ignore lint/style/noProcessEnv: the tools find their home and their cache by it
      const env = { ...process.env, GOTOOLCHAIN: 'local', GOPROXY: 'off', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
      const ran = run(command, args, { cwd: join(EXAMPLES, folder), env, timeout: TIMEOUT_MS });
      await expect(ran).resolves.toMatchObject({ stdout: expect.anything() });
    },
  );
}
