import { type BackoffBounds, backoffMs } from './backoff.ts';
import { type Clock, pause, type Random, systemClock } from './clock.ts';
import { Pacer, type PacingBounds } from './pacer.ts';

export type Outcome =
  | {
      /** Come back to this key after so many milliseconds although nothing failed. */
      readonly againAfterMs?: number;
      /** The work undid what somebody else did: if it must again soon, it waits longer each time. */
      readonly contested?: boolean;
    }
  | undefined;

/** Told of what a queue does, for metrics. Durations are in milliseconds. */
export interface QueueObserver {
  /** A key began to wait for its turn; adding it again meanwhile does not count. */
  added(): void;
  /** Work failed, and its key comes back. */
  retried(): void;
  started(waitedMs: number): void;
  ended(tookMs: number): void;
}

export interface WorkQueueOptions {
  /** Works on one key. A throw brings the key back after its back-off. */
  readonly work: (key: string, signal: AbortSignal) => Promise<Outcome>;
  /** Keys worked on at the same time; one key never is twice. */
  readonly concurrency: number;
  /** @default 200 ms to 60 s */
  readonly backoff?: BackoffBounds;
  /** Of contested keys. @default 200 ms to 5 s, forgotten after 30 s */
  readonly pacing?: PacingBounds;
  readonly onError: (key: string, error: unknown) => void;
  readonly observer?: QueueObserver;
  readonly clock?: Clock;
  readonly random?: Random;
}

const nothing = () => undefined;

const DEFAULTS = {
  clock: systemClock,
  random: Math.random,
  backoff: { baseMs: 200, maxMs: 60_000 },
  pacing: { baseMs: 200, maxMs: 5_000, quietMs: 30_000 },
  observer: { added: nothing, retried: nothing, started: nothing, ended: nothing } satisfies QueueObserver,
};

/**
 * Keys that need work. A key that is added many times before its turn is worked on once; added while it is worked on,
 * once more afterwards. First in, first out.
 */
export class WorkQueue {
  readonly #options: Required<WorkQueueOptions>;
  readonly #pacer: Pacer;
  /** Since when each key waits. Insertion order is the order of work. */
  readonly #waiting = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #reminded = new Set<string>();
  #abort = new AbortController();
  #state: 'idle' | 'started' | 'draining' | 'stopped' = 'idle';
  readonly #drained = new AbortController();

  constructor(options: WorkQueueOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#pacer = new Pacer(this.#options.pacing, this.#options.clock);
  }

  /** Keys waiting for their turn, without delayed ones. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Nothing waits and nothing runs; delayed keys may exist. */
  get idle(): boolean {
    return this.#waiting.size === 0 && this.#running.size === 0;
  }

  /** Before this, and while it is paused, keys only gather. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'started';
    this.#abort = new AbortController();
    this.#dispatch();
  }

  /** Aborts work under way and keeps its keys, until `start`. Resolves when that work has ended. */
  async pause(): Promise<void> {
    if (this.#state !== 'started') return;
    this.#state = 'idle';
    this.#abort.abort();
    await Promise.all(this.#running.values());
  }

  /** Works on `key` as soon as possible, or after `delayMs`; of several delays the earliest counts. */
  add(key: string, delayMs = 0): void {
    if (this.#isClosed) return;
    if (delayMs > 0) {
      this.#addLater(key, delayMs);
      return;
    }
    this.#cancelDelay(key);
    this.#wait(key);
    this.#dispatch();
  }

  /**
   * The same for a change that cannot mend what failed, such as one of a status: a key in its back-off stays there, and one
   * at work comes back only if the work succeeds. Otherwise telling of a failure would call for the next try at once.
   */
  remind(key: string): void {
    if (this.#isClosed) return;
    if (this.#running.has(key) || this.#failures.has(key)) this.#reminded.add(key);
    else this.add(key);
  }

  /** Takes no more keys and works off those that wait, as far as it gets within `graceMs`; what was to come later is dropped. */
  async drain(graceMs: number): Promise<void> {
    if (this.#state === 'started' && !this.idle) {
      this.#state = 'draining';
      await pause(this.#options.clock, graceMs, this.#drained.signal);
    }
    await this.stop(0);
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

  get #isClosed(): boolean {
    return this.#state === 'draining' || this.#state === 'stopped';
  }

  #wait(key: string): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.set(key, this.#options.clock.monotonic());
    this.#options.observer.added();
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
    if (this.#state === 'idle' || this.#state === 'stopped') return;
    for (const [key, since] of this.#waiting) {
      if (this.#running.size >= this.#options.concurrency) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      const wait = this.#pacer.waitMs(key);
      if (wait > 0) this.#addLater(key, wait);
      else this.#begin(key, since);
    }
  }

  #begin(key: string, since: number): void {
    this.#options.observer.started(this.#options.clock.monotonic() - since);
    const { signal } = this.#abort;
    // Begun later: work that adds its own key at once must already count as running.
    const work = Promise.resolve().then(() => this.#work(key, signal));
    this.#running.set(key, work);
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const { work, clock, observer } = this.#options;
    const started = clock.monotonic();
    try {
      const outcome = await work(key, signal);
      this.#failures.delete(key);
      if (outcome?.contested) this.#pacer.count(key);
      if (outcome?.againAfterMs !== undefined) this.add(key, outcome.againAfterMs);
      if (this.#reminded.has(key)) this.add(key);
    } catch (error) {
      // Of work that was aborted its error says nothing about the key.
      if (signal.aborted) this.add(key);
      else this.#failed(key, error);
    } finally {
      this.#reminded.delete(key);
      this.#running.delete(key);
      observer.ended(clock.monotonic() - started);
      this.#dispatch();
      if (this.#state === 'draining' && this.idle) this.#drained.abort();
    }
  }

  #failed(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.#options.onError(key, error);
    this.#options.observer.retried();
    this.add(key, backoffMs(failures, this.#options.backoff, this.#options.random));
  }
}
