import { describe, expect, test } from 'vitest';
import { type Outcome, WorkQueue } from './queue.ts';
import { FakeClock, settle } from './testing/index.ts';
import { queueFixture } from './testing/queue-fixture.ts';

describe('the end of a WorkQueue', () => {
  test('stop waits for work in progress and starts nothing more', async () => {
    const { queue, worked, release } = queueFixture();
    queue.start();
    queue.add('a');
    queue.add('b');
    await settle();
    let stopped = false;
    const stopping = queue.stop(1_000).then(() => {
      stopped = true;
    });
    queue.add('c');
    await settle();
    expect(stopped).toBe(false);
    release();
    await stopping;
    expect(worked).toEqual(['a']);
  });

  test('drain works off what waits, takes nothing more, and ends as soon as that is done', async () => {
    const { queue, worked, release } = queueFixture();
    queue.start();
    for (const key of ['a', 'b']) queue.add(key);
    queue.add('later', 60_000);
    const drained = queue.drain(1_000);
    queue.add('c');
    await settle();
    release();
    await settle();
    release();
    await drained;
    expect(worked).toEqual(['a', 'b']);
  });

  test('drain ends what outlasts the grace time, and starts nothing after it', async () => {
    const { clock, queue, worked, release } = queueFixture();
    queue.start();
    for (const key of ['a', 'b']) queue.add(key);
    const drained = queue.drain(1_000);
    await clock.advance(1_000);
    release();
    await drained;
    expect(worked).toEqual(['a']);
  });

  test('stop aborts work that outlasts the grace time', async () => {
    const clock = new FakeClock();
    const work = (_key: string, signal: AbortSignal) =>
      new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    const queue = new WorkQueue({ work, concurrency: 1, onError: () => undefined, clock });
    queue.start();
    queue.add('a');
    await settle();
    const stopping = queue.stop(1_000);
    await clock.advance(1_000);
    await stopping;
    expect(queue.idle).toBe(true);
  });

  test('a pause aborts work, keeps its key and gathers others, until the next start', async () => {
    const clock = new FakeClock();
    const worked: string[] = [];
    const errors: unknown[] = [];
    const work = async (key: string, signal: AbortSignal): Promise<Outcome> => {
      worked.push(key);
      if (worked.length > 1) return undefined;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    };
    const queue = new WorkQueue({ work, concurrency: 1, onError: (_key, error) => errors.push(error), clock });
    queue.start();
    queue.add('a');
    await settle();
    await queue.pause();
    queue.add('b');
    queue.add('c', 100);
    await clock.advance(1_000);
    expect([worked, errors, queue.depth]).toEqual([['a'], [], 3]);
    queue.start();
    await settle();
    expect(worked).toEqual(['a', 'a', 'b', 'c']);
  });
});
