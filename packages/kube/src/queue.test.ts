import { describe, expect, test } from 'vitest';
import type { Outcome } from './queue.ts';
import { settle } from './testing/index.ts';
import { queueFixture } from './testing/queue-fixture.ts';

const succeed = async (): Promise<Outcome> => undefined;

describe('WorkQueue', () => {
  test('gathers before start and then works first in, first out', async () => {
    const { queue, worked } = queueFixture({ work: succeed });
    queue.add('b');
    queue.add('a');
    await settle();
    expect(worked).toEqual([]);
    queue.start();
    await settle();
    expect(worked).toEqual(['b', 'a']);
  });

  test('works once on a key that was added many times', async () => {
    const { queue, worked } = queueFixture({ work: succeed });
    for (let i = 0; i < 10; i += 1) queue.add('a');
    queue.start();
    await settle();
    expect(worked).toEqual(['a']);
  });

  test('never works twice at a time on a key, and once more when it was added meanwhile', async () => {
    const { queue, worked, release } = queueFixture({ concurrency: 4 });
    queue.start();
    queue.add('a');
    await settle();
    queue.add('a');
    queue.add('a');
    await settle();
    expect(worked).toEqual(['a']);
    release();
    await settle();
    expect(worked).toEqual(['a', 'a']);
  });

  test('survives work that adds its own key or throws before its first await', async () => {
    let runs = 0;
    const { queue, worked, errors, clock } = queueFixture({
      concurrency: 4,
      work: (key) => {
        runs += 1;
        if (runs === 1) queue.add(key);
        if (runs === 2) throw new Error('at once');
        return succeed();
      },
    });
    queue.start();
    queue.add('a');
    await clock.advance(1_000);
    expect(worked).toEqual(['a', 'a', 'a']);
    expect(errors).toHaveLength(1);
  });

  test('keeps to the concurrency', async () => {
    const { queue, worked, release } = queueFixture({ concurrency: 2 });
    queue.start();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await settle();
    expect(worked).toEqual(['a', 'b']);
    release();
    await settle();
    expect(worked).toEqual(['a', 'b', 'c']);
  });

  test('a failing key comes back with a growing pause up to the limit, and holds no other up', async () => {
    const failing = async (key: string): Promise<Outcome> => {
      if (key === 'bad') throw new Error('poisoned');
      return undefined;
    };
    const { queue, worked, clock } = queueFixture({ work: failing });
    queue.start();
    queue.add('bad');
    queue.add('good');
    await settle();
    expect(worked).toEqual(['bad', 'good']);
    const pauses: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const [next = 0] = clock.pending;
      pauses.push(next);
      await clock.advance(next);
    }
    expect(pauses).toEqual([100, 200, 400, 400]);
  });

  test('a reminder of a failing key waits for its back-off, one of a working key for its success', async () => {
    const { queue, worked, clock } = queueFixture({
      work: async (key) => {
        if (worked.length <= 3) queue.remind(key);
        if (worked.length <= 2) throw new Error('and tells of it');
        return undefined;
      },
    });
    queue.start();
    queue.remind('a');
    await settle();
    queue.remind('a');
    await settle();
    expect(worked).toHaveLength(1);
    await clock.advance(100);
    expect(worked).toHaveLength(2);
    await clock.advance(200);
    expect(worked).toHaveLength(4);
    expect(clock.pending).toEqual([]);
  });

  test('a success forgets earlier failures', async () => {
    let failures = 2;
    const { queue, clock } = queueFixture({
      work: async () => {
        failures -= 1;
        if (failures !== 0) throw new Error('again');
        return undefined;
      },
    });
    queue.start();
    queue.add('a');
    await clock.advance(100);
    queue.add('a');
    await settle();
    expect(clock.pending).toEqual([100]);
  });

  test('a delayed key waits its time, the earliest delay counts, and an undelayed add overtakes it', async () => {
    const { queue, worked, clock } = queueFixture({ work: succeed });
    queue.start();
    queue.add('a', 500);
    queue.add('a', 200);
    queue.add('a', 900);
    await clock.advance(199);
    expect(worked).toEqual([]);
    await clock.advance(1);
    expect(worked).toEqual(['a']);
    queue.add('b', 500);
    queue.add('b');
    await clock.advance(1_000);
    expect(worked).toEqual(['a', 'b']);
  });

  test('comes back to a key when the work asks for it', async () => {
    const { queue, worked, clock } = queueFixture({ work: async () => ({ againAfterMs: 300 }) });
    queue.start();
    queue.add('a');
    await clock.advance(650);
    expect(worked).toEqual(['a', 'a', 'a']);
  });

  test('a contested key comes back at once the first time, then ever later, and holds no other up', async () => {
    const { queue, worked, clock } = queueFixture({ work: async () => ({ contested: true }) });
    queue.start();
    const turns: number[] = [];
    const start = clock.monotonic();
    // Someone undoes the work as soon as it is done.
    for (let ms = 0; ms < 20_000; ms += 10) {
      const before = worked.length;
      queue.add('a');
      await clock.advance(10);
      if (worked.length > before) turns.push(clock.monotonic() - start);
    }
    const gaps = turns.slice(1).map((turn, i) => Math.round((turn - (turns[i] ?? 0)) / 100) * 100);
    expect(turns[0]).toBeLessThanOrEqual(10);
    expect(gaps).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    queue.add('b');
    await settle();
    expect(worked.at(-1)).toBe('b');
  });

  test('a contested key that was left alone for a while comes back at once again', async () => {
    const { queue, worked, clock } = queueFixture({ work: async () => ({ contested: true }) });
    queue.start();
    for (let turn = 0; turn < 5; turn += 1) {
      queue.add('a');
      await clock.advance(5_000);
    }
    await clock.advance(30_000);
    queue.add('b');
    await clock.advance(1);
    queue.add('a');
    queue.add('b');
    await settle();
    expect(worked.slice(-2)).toEqual(['b', 'a']);
    await clock.advance(200);
    expect(worked.at(-1)).toBe('b');
  });

  test('an observer hears of adds, waiting, work and retries', async () => {
    let failures = 1;
    const { queue, clock, observed } = queueFixture({
      work: async () => {
        if (failures-- > 0) throw new Error('once');
        return undefined;
      },
    });
    queue.add('a');
    queue.add('a');
    await clock.advance(50);
    queue.start();
    await clock.advance(100);
    expect(observed).toEqual([
      'added',
      'started after 50',
      'retried',
      'ended after 0',
      'added',
      'started after 0',
      'ended after 0',
    ]);
  });
});
