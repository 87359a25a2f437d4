import { describe, expect, test } from 'vitest';
import { RegionBook } from './region-news.ts';

const NOW = 1_800_000_000_000;

function setUp() {
  const time = { monotonic: 1_000_000 };
  const book = new RegionBook({ region: { name: 'tokyo', others: ['osaka'] }, monotonic: () => time.monotonic });
  const hear = (moment: number) =>
    book.hear({ now: NOW, whole: new Map([['osaka', moment]]), marks: [] }, time.monotonic);
  return { book, time, hear };
}

describe('until when another region is known', () => {
  test('is what the shared store says, and never earlier than before', () => {
    const { book, time, hear } = setUp();
    expect(book.behindMs).toBe(Number.POSITIVE_INFINITY);
    hear(NOW - 3_000);
    expect(book.behindMs).toBe(3_000);
    time.monotonic += 500;
    hear(NOW - 60_000);
    expect(book.behindMs).toBe(3_500);
  });

  test('is not made later by a moment that lies in the future: a region that is silent would pass for one that speaks', () => {
    const { book, time, hear } = setUp();
    hear(NOW);
    time.monotonic += 900_000;
    hear(NOW + 300_000);
    hear(999_999_999_999_999);
    expect(book.behindMs).toBe(900_000);
  });

  test('may be ahead by what the clocks of a cluster differ', () => {
    const { book, hear } = setUp();
    hear(NOW + 1_000);
    expect(book.behindMs).toBe(0);
  });
});
