import { type Outcome, WorkQueue } from '../queue.ts';
import { FakeClock } from './fake-clock.ts';

export interface QueueFixtureOptions {
  /** @default 1 */
  readonly concurrency?: number;
  /** @default it ends when the test releases it */
  readonly work?: (key: string) => Promise<Outcome>;
}

/** A queue with a clock of the test's own, and what is seen of it. */
export function queueFixture(options: QueueFixtureOptions = {}) {
  const clock = new FakeClock();
  const worked: string[] = [];
  const errors: unknown[] = [];
  const gates: (() => void)[] = [];
  const gated = () => new Promise<undefined>((resolve) => gates.push(() => resolve(undefined)));
  const work = options.work ?? gated;
  const observed: string[] = [];
  const queue = new WorkQueue({
    observer: {
      added: () => observed.push('added'),
      retried: () => observed.push('retried'),
      started: (ms) => observed.push(`started after ${ms}`),
      ended: (ms) => observed.push(`ended after ${ms}`),
    },
    work: (key) => {
      worked.push(key);
      return work(key);
    },
    concurrency: options.concurrency ?? 1,
    backoff: { baseMs: 100, maxMs: 400 },
    onError: (_key, error) => errors.push(error),
    clock,
    random: () => 1,
  });
  return { clock, queue, worked, errors, observed, release: () => gates.shift()?.() };
}
