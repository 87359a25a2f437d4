import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claim } from './claim.ts';

test('a name is held by one until it is given back', async () => {
  const name = randomUUID();
  const release = await claim(name);
  expect(await claim(name)).toBeUndefined();
  await release?.();
  expect(await claim(name)).toBeDefined();
});

test('a name that a killed process held is free again', async () => {
  const name = randomUUID();
  const source = `
    import { claim } from ${JSON.stringify(join(import.meta.dirname, 'claim.ts'))};
    await claim(${JSON.stringify(name)});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  expect(await claim(name)).toBeUndefined();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(await claim(name)).toBeDefined();
});
