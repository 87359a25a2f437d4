import { expect, test } from 'vitest';
import { ofFewTexts } from './of-few-texts.ts';

function counted() {
  const made: string[] = [];
  const read = ofFewTexts((text) => {
    made.push(text);
    return { text };
  });
  return { made, read };
}

test('makes one thing of each text, however often it comes', () => {
  const { made, read } = counted();
  const [first, other, again] = [read('a'), read('b'), read('a')];
  expect(again).toBe(first);
  expect(other).toEqual({ text: 'b' });
  expect(made).toEqual(['a', 'b']);
});

test('keeps none of a text that is longer than 64 KiB', () => {
  const { made, read } = counted();
  const long = 'x'.repeat(65_537);
  expect(read(long)).toEqual(read(long));
  expect(made).toHaveLength(2);
  const longest = 'x'.repeat(65_536);
  expect(read(longest)).toBe(read(longest));
});

test('forgets all when 64 others came, and none before', () => {
  const { made, read } = counted();
  for (let index = 0; index < 64; index += 1) read(`text ${index}`);
  read('text 0');
  expect(made).toHaveLength(64);
  read('one more');
  read('text 0');
  expect(made.slice(64)).toEqual(['one more', 'text 0']);
});
