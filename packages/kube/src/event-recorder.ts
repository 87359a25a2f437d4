import type { KubeClient } from './client.ts';
import { type Clock, type Random, systemClock } from './clock.ts';
import { EVENTS, type EventFacts, type EventReporter, type EventSeries, eventOf, seriesKey } from './event.ts';
import { WorkQueue } from './queue.ts';

export interface EventRecorderOptions {
  /** Best with a rate limit of its own: events must not use up what the work needs. */
  readonly client: KubeClient;
  readonly reporter: EventReporter;
  /** Told of an event that could not be written; it is lost. */
  readonly onError: (error: unknown) => void;
  /** Told of an event that is left out because there are too many. */
  readonly onDropped?: () => void;
  /** Series held in memory. @default 1000 */
  readonly maxSeries?: number;
  /** Series of one object at a time. @default 10 */
  readonly maxPerObject?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** A repeated event is written again at most so often. */
const REPEAT_MS = 60_000;
/** After so long without a repetition, the next one is a new Event. As client-go does. */
const SERIES_MS = 360_000;

interface Entry extends EventSeries {
  readonly writtenAt: number | undefined;
}

/**
 * Tells people by Events. Recording costs the caller nothing: it neither waits nor fails. What repeats becomes one
 * Event with a count; when there is too much to tell, events are left out.
 */
export class EventRecorder {
  readonly #options: Required<EventRecorderOptions>;
  /** The longest without a repetition first. */
  readonly #series = new Map<string, Entry>();
  readonly #queue: WorkQueue;

  constructor(options: EventRecorderOptions) {
    const bounds = { maxSeries: 1_000, maxPerObject: 10, onDropped: () => undefined };
    this.#options = { ...bounds, clock: systemClock, random: Math.random, ...options };
    const { clock, random, onError } = this.#options;
    this.#queue = new WorkQueue({
      work: (key, signal) => this.#write(key, signal),
      concurrency: 1,
      onError: (_key, error) => onError(error),
      clock,
      random,
    });
    this.#queue.start();
  }

  record(facts: EventFacts): void {
    const now = this.#options.clock.now();
    const key = seriesKey(facts);
    this.#forgetOld(now);
    const held = this.#series.get(key);
    if (held === undefined && !this.#hasRoom(facts)) {
      this.#options.onDropped();
      return;
    }
    this.#series.delete(key);
    const next = held ?? { facts: slim(facts), firstAt: now, count: 0, writtenAt: undefined };
    this.#series.set(key, { ...next, lastAt: now, count: next.count + 1 });
    this.#queue.add(key, next.writtenAt === undefined ? 0 : next.writtenAt + REPEAT_MS - now);
  }

  /** Writes what was recorded, as far as it gets within `graceMs`; the rest is lost, and so is what repeated since it was written. */
  stop(graceMs: number): Promise<void> {
    return this.#queue.drain(graceMs);
  }

  async #write(key: string, signal: AbortSignal): Promise<undefined> {
    const entry = this.#series.get(key);
    if (entry === undefined) return undefined;
    this.#series.set(key, { ...entry, writtenAt: this.#options.clock.now() });
    try {
      await this.#options.client.apply(EVENTS, eventOf(entry, this.#options.reporter), { force: true, signal });
    } catch (error) {
      // Not tried again: an event that nobody saw is no reason for more load on a server that is in trouble.
      this.#options.onError(error);
    }
    return undefined;
  }

  #forgetOld(now: number): void {
    for (const [key, { lastAt }] of this.#series) {
      if (now - lastAt < SERIES_MS) return;
      this.#series.delete(key);
    }
  }

  #hasRoom({ regarding }: EventFacts): boolean {
    if (this.#series.size >= this.#options.maxSeries) return false;
    let ofObject = 0;
    for (const { facts } of this.#series.values()) {
      if (facts.regarding.metadata.uid === regarding.metadata.uid) ofObject += 1;
    }
    return ofObject < this.#options.maxPerObject;
  }
}

/** Without the object itself, which would be kept alive long after the cache let go of it. */
function slim(facts: EventFacts): EventFacts {
  const { apiVersion, kind, metadata } = facts.regarding;
  const { name, namespace, uid } = metadata;
  const kept = { name, ...(namespace !== undefined && { namespace }), ...(uid !== undefined && { uid }) };
  return { ...facts, regarding: { apiVersion, kind, metadata: kept } };
}
