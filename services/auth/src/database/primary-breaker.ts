import type { Clock } from '@sekisho/kube';
import { isAway } from './is-away.ts';

/** Where a question may be asked, and how. */
export interface Sides<T> {
  readonly primary: () => Promise<T>;
  readonly replica: () => Promise<T>;
}

export interface PrimaryBreakerOptions {
  /** Resolves when the primary answers. */
  readonly ping: () => Promise<unknown>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Told when the primary does not answer any more, and when it answers again. */
  readonly onChange: (answers: boolean, cause?: unknown) => void;
}

/** A primary that is away is asked again so often, beside requests. */
const PING_EVERY_MS = 1_000;

/**
 * Asks the primary, and the replica while the primary does not answer. Whoever finds the primary away waits out its time; all who come
 * after that are served by the replica at once, until the primary has answered.
 */
export class PrimaryBreaker {
  readonly #options: PrimaryBreakerOptions;
  #isAway = false;
  #pingedAt = 0;

  constructor(options: PrimaryBreakerOptions) {
    this.#options = options;
  }

  async ask<T>({ primary, replica }: Sides<T>): Promise<T> {
    if (this.#isAway) {
      this.#pingNowAndThen();
      return otherwise(replica, primary);
    }
    return otherwise(primary, (cause) => {
      this.#leave(cause);
      return replica();
    });
  }

  #leave(cause: unknown): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#pingedAt = this.#options.clock.monotonic();
    this.#options.onChange(false, cause);
  }

  #pingNowAndThen(): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#pingedAt < PING_EVERY_MS) return;
    this.#pingedAt = now;
    // Nobody waits for it, and what it finds is seen in what follows.
    void this.#options.ping().then(
      () => this.#return(),
      () => undefined,
    );
  }

  #return(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#options.onChange(true);
  }
}

/** What is no answer is asked for elsewhere, once; an error that is one stands. */
async function otherwise<T>(first: () => Promise<T>, second: (cause: unknown) => Promise<T>): Promise<T> {
  try {
    return await first();
  } catch (error) {
    if (!isAway(error)) throw error;
    return second(error);
  }
}
