import { type BackoffBounds, backoffMs } from './backoff.ts';
import { type Clock, pause, type Random } from './clock.ts';
import { GoneError, KindUnknownError, KubeError } from './errors.ts';
import type { ListQuery, ObjectList } from './list.ts';
import type { WatchEvent, WatchQuery } from './watch.ts';

/** Where a reflector reads. `KubeClient` bound to one kind. */
export interface Source {
  list(query: ListQuery, signal: AbortSignal): Promise<ObjectList>;
  watch(query: WatchQuery, signal: AbortSignal): AsyncIterable<WatchEvent>;
}

/** Where it writes. */
export interface Sink {
  replace(list: ObjectList): void;
  event(event: Exclude<WatchEvent, { type: 'BOOKMARK' }>): void;
}

export interface ReflectorOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of each failure; reflecting goes on. */
  readonly onError: (error: unknown) => void;
  /** Told once when, after failures, something came from a watch again. */
  readonly onRecovered: () => void;
  readonly backoff: BackoffBounds;
  readonly idleMs: number;
  readonly pageSize: number;
}

/** After so many watches in a row that failed before an event came, the version itself is in doubt: list again. */
const MAX_SILENT_WATCHES = 3;
/** A watch that the server ends sooner, and without an event, is a failure: without a pause we would hammer it. */
const MIN_WATCH_MS = 1_000;
/** How much smaller the next page is when one was too large to be taken. */
const PAGE_DIVISOR = 4;

/** Keeps a sink equal to what the API server holds, for ever: every failure is a pause and another try. */
export class Reflector {
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #options: ReflectorOptions;
  /** Undefined: a list is due. */
  #version: string | undefined;
  #failures = 0;
  #silentWatches = 0;
  #pageSize: number;

  constructor(source: Source, sink: Sink, options: ReflectorOptions) {
    this.#source = source;
    this.#sink = sink;
    this.#options = options;
    this.#pageSize = options.pageSize;
  }

  /** Ends when `signal` aborts; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#version ??= await this.#list(signal);
        await this.#follow(this.#version, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#failed(error, signal);
      }
    }
  }

  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    this.#failures += 1;
    this.#silentWatches += 1;
    const lost = error instanceof GoneError || error instanceof KindUnknownError;
    if (lost || this.#silentWatches >= MAX_SILENT_WATCHES) this.#version = undefined;
    // Whoever may create large objects could otherwise keep every list from ever arriving.
    if (error instanceof KubeError && error.code === 'too_large') {
      this.#pageSize = Math.max(1, Math.floor(this.#pageSize / PAGE_DIVISOR));
    }
    this.#options.onError(error);
    const wait = backoffMs(this.#failures, this.#options.backoff, this.#options.random);
    await pause(this.#options.clock, wait, signal);
  }

  async #list(signal: AbortSignal): Promise<string> {
    const list = await this.#listOnce(signal);
    this.#sink.replace(list);
    this.#silentWatches = 0;
    return list.resourceVersion;
  }

  async #listOnce(signal: AbortSignal): Promise<ObjectList> {
    try {
      return await this.#source.list({ limit: this.#pageSize }, signal);
    } catch (error) {
      // The continue token expired between two pages: one answer that holds everything cannot.
      if (error instanceof GoneError) return this.#source.list({ limit: undefined }, signal);
      throw error;
    }
  }

  async #follow(from: string, signal: AbortSignal): Promise<void> {
    const { clock, random, idleMs } = this.#options;
    const started = clock.now();
    // Spread over time, so that the watches of many replicas do not end together (as client-go does).
    const timeoutSeconds = Math.round(300 + 300 * random());
    let silent = true;
    for await (const event of this.#source.watch({ resourceVersion: from, timeoutSeconds, idleMs }, signal)) {
      silent = false;
      this.#take(event);
    }
    if (silent && clock.now() - started < MIN_WATCH_MS) throw new KubeError('network', 'the watch ended at once');
    this.#recovered();
  }

  #take(event: WatchEvent): void {
    this.#recovered();
    if (event.type === 'BOOKMARK') {
      this.#version = event.resourceVersion;
      return;
    }
    this.#sink.event(event);
    this.#version = event.object.metadata.resourceVersion ?? this.#version;
  }

  #recovered(): void {
    const failed = this.#failures > 0;
    this.#failures = 0;
    this.#silentWatches = 0;
    if (failed) this.#options.onRecovered();
  }
}
