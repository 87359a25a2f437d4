import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLines, readText } from './body.ts';

async function* chunks(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const sorted = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < sorted.length; i += 1) yield bytes.subarray(sorted[i - 1], sorted[i]);
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const collected: string[] = [];
  for await (const line of lines) collected.push(line);
  return collected;
}

describe('readLines', () => {
  test('gives the same lines wherever the bytes are cut', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((line) => line.replaceAll('\n', ' '));
    const cut = fc.nat({ max: 500 });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 8 }), fc.array(cut, { maxLength: 12 }), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const within = cuts.map((at) => Math.min(at, bytes.length));
        const read = await collect(readLines(chunks(bytes, within), 10_000));
        expect(read).toEqual(lines.filter((line) => line !== ''));
      }),
    );
  });

  test('fails when the stream ends inside a line', async () => {
    const read = collect(readLines(chunks(Buffer.from('{"a":1}\n{"b"'), []), 100));
    await expect(read).rejects.toMatchObject({ code: 'network' });
  });

  test('fails when a line has no end', async () => {
    const read = collect(readLines(chunks(Buffer.alloc(200, 'x'), [50, 100]), 100));
    await expect(read).rejects.toMatchObject({ code: 'too_large' });
  });
});

describe('readText', () => {
  test('keeps a character that two chunks share', async () => {
    expect(await readText(chunks(Buffer.from('関所'), [1, 2, 4]), 100)).toBe('関所');
  });

  test('refuses more than it may hold', async () => {
    await expect(readText(chunks(Buffer.alloc(11), [5]), 10)).rejects.toMatchObject({ code: 'too_large' });
  });
});
