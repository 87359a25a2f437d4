import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MESH_MARK, processesOf } from '../mesh/proc.ts';
import { waitFor } from '../mesh/wait.ts';
import { runFolder } from './run-folder.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'runs-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

test('what a killed run left behind is ended and removed', async () => {
  const abandoned = join(parent, 'integration-killed');
  mkdirSync(abandoned);
  spawn('sleep', ['60'], { env: { ...process.env, [MESH_MARK]: abandoned }, detached: true, stdio: 'ignore' }).unref();
  await waitFor('the process', async () => processesOf(abandoned).length === 1, { timeout: 60_000 });
  const own = await runFolder(parent);
  expect(processesOf(abandoned)).toEqual([]);
  expect(readdirSync(parent)).toEqual([basename(own)]);
});

test('two runs at once leave each other alone', async () => {
  const first = await runFolder(parent);
  await runFolder(parent);
  expect(existsSync(first)).toBe(true);
});
