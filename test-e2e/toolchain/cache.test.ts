import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheFolder, digest, once } from './cache.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cache-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fill = async (path: string): Promise<void> => writeFileSync(join(path, 'tool'), 'x');

test('a tool is made once', async () => {
  let made = 0;
  const make = async (path: string): Promise<void> => {
    made += 1;
    await fill(path);
  };
  await once(join(folder, 'tool-1'), make);
  await once(join(folder, 'tool-1'), make);
  expect(made).toBe(1);
});

test('a tool whose making failed is not there, and leaves nothing behind', async () => {
  const failing = once(join(folder, 'tool-1'), async (path) => {
    await fill(path);
    throw new Error('interrupted');
  });
  await expect(failing).rejects.toThrow('interrupted');
  expect(readdirSync(folder)).toEqual([]);
});

test('two that make the same tool at once both get it whole', async () => {
  const target = join(folder, 'tool-1');
  await Promise.all([once(target, fill), once(target, fill)]);
  expect(existsSync(join(target, 'tool'))).toBe(true);
  expect(readdirSync(folder)).toEqual(['tool-1']);
});

test('what a killed run was making is removed a day later', async () => {
  const now = Date.now() / 1000;
  for (const [name, age] of [
    ['tool-1.tmp-old', 90_000],
    ['tool-1.tmp-new', 60],
    ['tool-0', 90_000],
  ] as const) {
    mkdirSync(join(folder, name));
    utimesSync(join(folder, name), now - age, now - age);
  }
  await once(join(folder, 'tool-1'), fill);
  expect(readdirSync(folder).toSorted()).toEqual(['tool-0', 'tool-1', 'tool-1.tmp-new']);
});

test('a cache that cannot be written is named, with the way out', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(once(join(file, 'tools', 'tool-1'), fill)).rejects.toMatchObject({
    code: 'cache_unusable',
    message: expect.stringMatching(/ENOTDIR.*SEKISHO_CACHE/),
  });
});

test('a full disk is named, with the way out', async () => {
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  await expect(once(join(folder, 'tool-1'), () => Promise.reject(full))).rejects.toThrow(/ENOSPC.*SEKISHO_CACHE/);
});

test('the name of a tool changes with what it is made from', async () => {
  const file = join(folder, 'go.mod');
  writeFileSync(file, 'v1');
  const before = await digest([file], 'flags');
  expect(await digest([file], 'flags')).toBe(before);
  expect(await digest([file], 'other flags')).not.toBe(before);
  writeFileSync(file, 'v2');
  expect(await digest([file], 'flags')).not.toBe(before);
});

test('SEKISHO_CACHE goes before XDG_CACHE_HOME, and that before the home folder', () => {
  expect(cacheFolder({ SEKISHO_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/sekisho');
  expect(cacheFolder({})).toMatch(/\.cache\/sekisho$/);
});
