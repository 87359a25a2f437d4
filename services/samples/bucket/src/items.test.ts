import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Item, MAX_ITEMS_PER_OWNER, openItems } from './items.ts';

const item = (id: string): Item => ({
  id,
  title: `see ${id}`,
  ownerName: 'Mia',
  createdAt: '2026-01-01T00:00:00.000Z',
  done: false,
});

test('an owner sees and removes own items alone', () => {
  using items = openItems(':memory:');
  items.add('mia', item('a'));
  items.add('ben', item('b'));
  expect(items.list('mia')).toEqual([item('a')]);
  expect(items.find('mia', 'b')).toBeUndefined();
  expect(items.setDone('mia', 'b', true)).toBeUndefined();
  expect(items.setDone('mia', 'a', true)).toEqual({ ...item('a'), done: true });
  expect(items.setDone('mia', 'a', false)).toEqual(item('a'));
  expect(items.find('ben', 'b')).toEqual(item('b'));
  expect(items.remove('mia', 'b')).toBe(false);
  expect(items.remove('ben', 'b')).toBe(true);
  expect(items.list('ben')).toEqual([]);
});

test('text that looks like SQL is only text', () => {
  using items = openItems(':memory:');
  const owner = `'; DROP TABLE items; --`;
  items.add(owner, { ...item('a'), title: owner });
  expect(items.find(owner, 'a')?.title).toBe(owner);
});

test('the number of items of an owner is bounded', () => {
  using items = openItems(':memory:');
  for (let n = 0; n < MAX_ITEMS_PER_OWNER; n++) expect(items.add('mia', item(`${n}`))).toBe(true);
  expect(items.add('mia', item('one more'))).toBe(false);
  expect(items.add('ben', item('first'))).toBe(true);
});

test('items in a file are there after a restart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bucket-'));
  try {
    const file = join(folder, 'items.db');
    {
      using items = openItems(file);
      items.add('mia', item('a'));
    }
    using reopened = openItems(file);
    expect(reopened.list('mia')).toEqual([item('a')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
