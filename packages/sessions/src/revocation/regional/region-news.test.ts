import { describe, expect, test } from 'vitest';
import { type NotedMoment, RegionBook, type RegionState } from './region-news.ts';

const NOW = 1_800_000_000_000;

function setUp() {
  const time = { monotonic: 1_000_000, wall: NOW + 7_000 };
  const book = new RegionBook({ region: { name: 'tokyo', others: ['osaka'] }, monotonic: () => time.monotonic });
  const asked = () => ({ monotonic: time.monotonic, wall: time.wall });
  const nothing = {
    whole: new Map<string, number>(),
    told: new Map<string, number>(),
    noted: new Map<string, NotedMoment>(),
    marks: [],
  };
  const hear = (moment: number) => book.hear({ ...nothing, now: NOW, whole: new Map([['osaka', moment]]) }, asked());
  /** Of the region's own store, by whose clock it is so late. */
  const read = (now: number, moment: NotedMoment, name = 'osaka') =>
    book.hear({ ...nothing, now, noted: new Map([[name, moment]]) }, asked());
  const tell = (moment: number) =>
    book.hear({ ...nothing, now: NOW, whole: new Map([['osaka', NOW]]), told: new Map([['osaka', moment]]) }, asked());
  const mark = (state: RegionState, at: number) =>
    book.hear({ ...nothing, now: NOW, marks: [{ name: 'osaka', state, at }] }, asked());
  return { book, time, hear, read, tell, mark };
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

describe('what an administrator says of a region', () => {
  test('is not what nobody can have said yet: it could never be taken back', () => {
    const { book, time, mark } = setUp();
    expect(mark('lost', time.wall + 60_000)).toEqual([]);
    expect(book.others).toMatchObject([{ state: 'lost' }]);
    const returned = { name: 'osaka', state: 'present', at: time.wall + 60_001 } as const;
    mark('present', returned.at);
    // What is wrong in a store is made good.
    expect(mark('lost', 999_999_999_999_999)).toEqual([returned]);
    expect(book.others).toMatchObject([{ state: 'present' }]);
  });
});

describe('until when another region told of its sessions', () => {
  test('is what it says of them, whatever it says of what it revoked', () => {
    const { book, time, hear, tell } = setUp();
    hear(NOW);
    expect(book.others).toMatchObject([{ ageMs: 0, untoldMs: Number.POSITIVE_INFINITY }]);
    tell(NOW - 60_000);
    expect(book.others).toMatchObject([{ ageMs: 0, untoldMs: 60_000 }]);
    time.monotonic += 500;
    tell(NOW - 90_000);
    expect(book.others).toMatchObject([{ ageMs: 0, untoldMs: 60_500 }]);
    tell(NOW + 300_000);
    expect(book.others).toMatchObject([{ ageMs: 0, untoldMs: 60_500 }]);
  });
});

describe('until when another region is known by a note in the own store', () => {
  const MINUTE = 60_000;

  test('is as long ago as it was noted, by the clock of that store, and grows', () => {
    const { book, time, read } = setUp();
    read(NOW, { stored: NOW - 3_000, wall: time.wall - 2_000 });
    expect(book.behindMs).toBe(3_000);
    time.monotonic += 500;
    expect(book.behindMs).toBe(3_500);
  });

  test.each([
    ['the store', { now: NOW - 10 * MINUTE, wall: 0 }],
    ['the processes', { now: NOW, wall: -10 * MINUTE }],
  ])('is not made later by the clock of %s set back meanwhile', (_, { now, wall }) => {
    const { book, time, read } = setUp();
    const noted = { stored: NOW - 14 * MINUTE, wall: time.wall - 14 * MINUTE };
    time.wall += wall;
    read(now, noted);
    expect(book.behindMs).toBe(14 * MINUTE);
  });

  test('is not known by one that lies in the future by either clock', () => {
    const { book, time, read } = setUp();
    read(NOW, { stored: NOW + 2 * MINUTE, wall: time.wall });
    read(NOW, { stored: NOW, wall: time.wall + 2 * MINUTE });
    expect(book.behindMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('says nothing of this region, nor of one that there is not', () => {
    const { book, time, read } = setUp();
    for (const name of ['tokyo', 'nara']) read(NOW, { stored: NOW, wall: time.wall }, name);
    expect(book.ageOf('tokyo')).toBe(Number.POSITIVE_INFINITY);
    expect(book.known()).toEqual([]);
  });

  test('is not what the shared store says, where that is later', () => {
    const { book, time, hear, read } = setUp();
    hear(NOW - 1_000);
    read(NOW, { stored: NOW - 5 * MINUTE, wall: time.wall - 5 * MINUTE });
    expect(book.behindMs).toBe(1_000);
  });
});
