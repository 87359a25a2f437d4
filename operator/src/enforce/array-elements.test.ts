import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrayElements } from './array-elements.ts';

function cut(text: string, ...ends: readonly number[]): { elements: unknown[]; isWhole: boolean } {
  const reader = new ArrayElements();
  const bytes = Buffer.from(text);
  const cuts = [0, ...ends.map((end) => end % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const parts = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
  const elements = parts.flatMap((part) => reader.push(part)).map((element) => JSON.parse(element.toString()));
  return { elements, isWhole: reader.isWhole };
}

test('an array is cut into its elements wherever its bytes are cut', () => {
  const element = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue());
  const ends = fc.array(fc.nat());
  fc.assert(
    fc.property(fc.array(element), ends, fc.boolean(), (array, where, pretty) => {
      const text = JSON.stringify(array, undefined, pretty ? 2 : undefined);
      expect(cut(text, ...where)).toEqual({ elements: JSON.parse(text), isWhole: true });
    }),
  );
});

test.each(['', '[{"a":1}', '[{"a":"]', '[{"a":', '[{"a":1},'])('%j is not whole', (text) => {
  expect(cut(text).isWhole).toBe(false);
});

test.each(['{}', '{"error":"not ready"}', '{"items":[{"a":1}]}', '[] []'])('%j is not an array', (text) => {
  expect(() => cut(text)).toThrow('no JSON array');
});

test('an element without an end is not gathered for ever', () => {
  const reader = new ArrayElements();
  const chunk = Buffer.alloc(512 * 1024, 'x');
  reader.push(Buffer.from('[{"a":"'));
  expect(() => {
    for (let times = 0; times < 10; times += 1) reader.push(chunk);
  }).toThrow('too large');
});
