import { expect, test } from 'vitest';
import { run } from './run.ts';

const options = { cwd: '/', env: { PATH: '/usr/bin:/bin' } };
const node = (script: string) => run([process.execPath, '-e', script], options);

test('answers what a program printed', async () => {
  expect(await node('console.log("out"); console.error("beside it")')).toBe('out\n');
});

test('a program that fails is named, with the last lines of what it said', async () => {
  const failed = node('for (let i = 0; i < 100; i += 1) console.error("line", i); process.exitCode = 3');
  await expect(failed).rejects.toMatchObject({ code: 'builder_failed' });
  await expect(failed).rejects.toThrow(/failed:\n(line \d+\n)+line 99$/);
});

test('a program that is not there is told with a way out', async () => {
  await expect(run(['no-such-builder', 'build'], options)).rejects.toThrow('name another one with BUILDER=');
});
