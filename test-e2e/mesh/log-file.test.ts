import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { boundLog, lastLines } from './log-file.ts';

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
  log = join(folder, 'one.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a log that is too long starts anew, and the one before is kept', () => {
  writeFileSync(log, 'older\n');
  boundLog(log, 5);
  appendFileSync(log, 'newer\n');
  expect([readFileSync(`${log}.1`, 'utf8'), readFileSync(log, 'utf8')]).toEqual(['older\n', 'newer\n']);
});

test('a log within its bound, or none, is left alone', () => {
  writeFileSync(log, 'short');
  boundLog(log, 5);
  boundLog(join(folder, 'none.log'), 5);
  expect(readFileSync(log, 'utf8')).toBe('short');
});

test('the last lines of a long log are read from its end', async () => {
  writeFileSync(log, Array.from({ length: 10_000 }, (_, line) => `line ${line}\n`).join(''));
  expect(await lastLines(log, 2)).toBe('line 9998\nline 9999');
});
