import { type BackoffBounds, backoffMs } from './backoff.ts';
import { type Clock, pause, type Random, systemClock } from './clock.ts';

/** `again`: come back to this key after so many milliseconds although nothing failed. */
export type Outcome = { readonly againAfterMs: number } | undefined;

export interface WorkQueueOptions {
  /** Works on one key. A throw brings the key back after its back-off. */
  readonly work: (key: string, signal: AbortSignal) => Promise<Outcome>;
  /** Keys worked on at the same time; one key never is twice. */
  readonly concurrency: number;
  /** @default 200 ms to 60 s */
  readonly backoff?: BackoffBounds;
  readonly onError: (key: string, error: unknown) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Keys that need work. A key that is added many times before its turn is worked on once; added while it is worked on,
 * once more afterwards. First in, first out.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions & { clock: Clock; random: Random; backoff: BackoffBounds };
  /** Insertion order is the order of work. */
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #reminded = new Set<string>();
  readonly #abort = new AbortController();
  #state: 'new' | 'started' | 'stopped' = 'new';

  constructor(options: WorkQueueOptions) {
    const defaults = { clock: systemClock, random: Math.random, backoff: { baseMs: 200, maxMs: 60_000 } };
    this.#options = { ...defaults, ...options };
  }

  /** Keys waiting for their turn, without delayed ones. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Nothing waits and nothing runs; delayed keys may exist. */
  get idle(): boolean {
    return this.#waiting.size === 0 && this.#running.size === 0;
  }

  /** Before this, keys only gather. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    this.#dispatch();
  }

  /** Works on `key` as soon as possible, or after `delayMs`; of several delays the earliest counts. */
  add(key: string, delayMs = 0): void {
    if (this.#state === 'stopped') return;
    if (delayMs > 0) {
      this.#addLater(key, delayMs);
      return;
    }
    this.#cancelDelay(key);
    this.#waiting.add(key);
    this.#dispatch();
  }

  /**
   * The same for a change that cannot mend what failed, such as one of a status: a key in its back-off stays there, and one
   * at work comes back only if the work succeeds. Otherwise telling of a failure would call for the next try at once.
   */
  remind(key: string): void {
    if (this.#state === 'stopped') return;
    if (this.#running.has(key) || this.#failures.has(key)) this.#reminded.add(key);
    else this.add(key);
  }

  /** Takes no more keys and waits for those at work; after `graceMs` their signal aborts. Resolves when all ended. */
  async stop(graceMs: number): Promise<void> {
    this.#state = 'stopped';
    this.#waiting.clear();
    for (const key of [...this.#delayed.keys()]) this.#cancelDelay(key);
    const drained = new AbortController();
    const all = Promise.all(this.#running.values()).then(() => drained.abort());
    await pause(this.#options.clock, graceMs, drained.signal);
    this.#abort.abort();
    await all;
  }

  #addLater(key: string, delayMs: number): void {
    const at = this.#options.clock.now() + delayMs;
    const held = this.#delayed.get(key);
    if (held && held.at <= at) return;
    held?.cancel();
    const cancel = this.#options.clock.after(delayMs, () => this.add(key));
    this.#delayed.set(key, { at, cancel });
  }

  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }

  #dispatch(): void {
    if (this.#state !== 'started') return;
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#options.concurrency) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      // Begun later: work that adds its own key at once must already count as running.
      this.#running.set(
        key,
        Promise.resolve().then(() => this.#work(key)),
      );
    }
  }

  async #work(key: string): Promise<void> {
    try {
      const outcome = await this.#options.work(key, this.#abort.signal);
      this.#failures.delete(key);
      if (outcome) this.add(key, outcome.againAfterMs);
      if (this.#reminded.has(key)) this.add(key);
    } catch (error) {
      this.#failed(key, error);
    } finally {
      this.#reminded.delete(key);
      this.#running.delete(key);
      this.#dispatch();
    }
  }

  #failed(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.#options.onError(key, error);
    this.add(key, backoffMs(failures, this.#options.backoff, this.#options.random));
  }
}
