import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'folder-lock-'));
});
afterEach(() => rm(home, { recursive: true }));

describe('lockFolder', () => {
  test('gives the folder back', async () => {
    const unlock = await lockFolder(join(home, 'db/'));
    expect(await readdir(home)).toEqual(['db.lock']);
    await unlock();
    expect(await readdir(home)).toEqual([]);
  });

  test('refuses a folder that a living process has', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await writeFile(join(home, 'db.lock'), String(child.pid));
    await expect(lockFolder(join(home, 'db'))).rejects.toMatchObject({ code: 'database_in_use' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await lockFolder(join(home, 'db')))();
  });

  test.each(['', 'garbage', '-1', '0', String(process.pid)])('takes over what %j left behind', async (content) => {
    await writeFile(join(home, 'db.lock'), content);
    await (await lockFolder(join(home, 'db')))();
  });
});
