import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../toolchain/command.ts';

test('a machine without Docker is told what is missing and where it comes from', async () => {
  const env = { PATH: import.meta.dirname, KUBECONFIG: '', KIND_CONFIG: '', ISTIO_CONFIG: '' };
  const { code, tail } = await run(process.execPath, [join(import.meta.dirname, 'main.ts')], { env });
  expect(code).toBe(1);
  expect(tail).toContain('make e2e needs docker here, and `docker version` fails: spawn docker ENOENT');
  expect(tail).toContain('https://docs.docker.com/engine/install/');
});
