import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { lockFolder } from './folder-lock.ts';

const inUse = expect.objectContaining({ code: 'database_in_use' });

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'folder-lock-'));
});
afterEach(() => rm(home, { recursive: true }));

/** Says `ready`, waits for a line, says whether it got the lock, and holds it until it is killed. */
const CONTENDER = `
  const [, file, folder] = process.argv;
  const { lockFolder } = await import(file);
  process.stdin.once('data', () => {
    try {
      lockFolder(folder);
      console.log('locked');
    } catch (error) {
      console.log(error.code);
    }
  });
  console.log('ready');`;

async function startContender() {
  const file = fileURLToPath(new URL('folder-lock.ts', import.meta.url));
  const args = ['--input-type=module', '-e', CONTENDER, file, join(home, 'db')];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  const go = async () => {
    child.stdin.write('go\n');
    return (await lines.next()).value;
  };
  return { go, kill };
}

describe('lockFolder', () => {
  test('refuses a second one until the first gives the folder back', () => {
    const unlock = lockFolder(join(home, 'db/'));
    expect(() => lockFolder(join(home, 'db'))).toThrow(inUse);
    unlock();
    lockFolder(join(home, 'db'))();
  });

  test('refuses a folder that another process has, until that is killed', async () => {
    const { go, kill } = await startContender();
    expect(await go()).toBe('locked');
    expect(() => lockFolder(join(home, 'db'))).toThrow(inUse);
    await kill();
    lockFolder(join(home, 'db'))();
  });

  test('gives what a killed process had to one of several that come at once', async () => {
    const holder = await startContender();
    await holder.go();
    const contenders = await Promise.all(Array.from({ length: 5 }, startContender));
    await holder.kill();
    const outcomes = await Promise.all(contenders.map(({ go }) => go()));
    expect(outcomes.sort()).toEqual([...Array(4).fill('database_in_use'), 'locked']);
  }, 120_000);
});
