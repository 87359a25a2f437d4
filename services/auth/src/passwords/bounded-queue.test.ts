import { describe, expect, test } from 'vitest';
import { BoundedQueue } from './bounded-queue.ts';

const PATIENCE = { timeout: 60_000 };

/** Tasks that end when the test says so; `started` is the order they began in. */
function manualTasks() {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const task = (name: string) => () =>
    new Promise<string>((resolve) => {
      started.push(name);
      ends.set(name, () => resolve(name));
    });
  return { started, task, end: (name: string) => ends.get(name)?.() };
}

describe('BoundedQueue', () => {
  test('runs no more at once than allowed, the others in the order they came', async () => {
    const queue = new BoundedQueue({ concurrency: 2, maxWaiting: 2 });
    const { started, task, end } = manualTasks();
    const done = ['a', 'b', 'c', 'd'].map((name) => queue.run(task(name)));
    await Promise.resolve();
    expect(started).toEqual(['a', 'b']);
    end('b');
    await done[1];
    await expect.poll(() => started, PATIENCE).toEqual(['a', 'b', 'c']);
    for (const name of ['a', 'c']) end(name);
    await expect.poll(() => started, PATIENCE).toEqual(['a', 'b', 'c', 'd']);
    end('d');
    expect(await Promise.all(done)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('refuses at once when the queue is full, and takes tasks again later', async () => {
    const queue = new BoundedQueue({ concurrency: 1, maxWaiting: 1 });
    const { started, task, end } = manualTasks();
    const done = [queue.run(task('a')), queue.run(task('b'))];
    await expect(queue.run(task('c'))).rejects.toMatchObject({ code: 'unavailable', retryAfter: 1 });
    end('a');
    await done[0];
    done.push(queue.run(task('d')));
    for (const name of ['b', 'd']) {
      await expect.poll(() => started, PATIENCE).toContain(name);
      end(name);
    }
    expect(await Promise.all(done)).toEqual(['a', 'b', 'd']);
  });

  test('gives its place back when a task fails', async () => {
    const queue = new BoundedQueue({ concurrency: 1, maxWaiting: 0 });
    await expect(queue.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await queue.run(async () => 'yes')).toBe('yes');
  });
});
