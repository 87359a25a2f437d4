import { expect, test } from 'vitest';
import { RecentMap } from './recent-map.ts';

test('of more entries than fit, the one used least recently is forgotten', () => {
  const map = new RecentMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  expect(map.get('a')).toBe(1);
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
  map.set('c', 4);
  map.delete('a');
  expect([map.get('c'), map.size]).toEqual([4, 1]);
});

test('an entry that is only looked at is not used by it', () => {
  const map = new RecentMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  expect(map.peek('a')).toBe(1);
  map.set('c', 3);
  expect([map.peek('a'), map.peek('b'), map.peek('c')]).toEqual([undefined, 2, 3]);
});
