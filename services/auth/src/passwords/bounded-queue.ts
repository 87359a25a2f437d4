import { AuthError } from '../errors.ts';

/** Runs at most so many tasks at once and lets at most so many more wait, in the order they came. */
export class BoundedQueue {
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ concurrency, maxWaiting }: { concurrency: number; maxWaiting: number }) {
    this.#concurrency = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws AuthError `unavailable` at once when the queue is full; otherwise what the task gives */
  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new AuthError('unavailable', 'too many requests wait already', { retryAfter: 1 });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The place is handed over, not freed: nobody who comes later can take it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
