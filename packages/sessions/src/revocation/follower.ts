import { setTimeout as timer } from 'node:timers/promises';
import {
  BLOCK_MS,
  isAtLeast,
  type LoggedEntry,
  millisecondsOf,
  type Position,
  type RevocationLog,
  type Turn,
} from './log.ts';
import type { RevocationEntry, RevocationKind } from './revocation.ts';
import { RevocationSet } from './revocation-set.ts';

/** What a reader tells of itself, for logs and metrics. */
export interface RevocationObserver {
  /** Seconds from an entry's moment in Redis until it is in force here; differing clocks are allowed for. */
  propagated?(seconds: number, kind: RevocationKind): void;
  /** The sets were loaded: at the start, or because the stream showed a gap. */
  loaded?(why: 'start' | 'gap', entries: number): void;
  /** Redis had lost entries that this reader knew, and has them again. */
  restored?(entries: number): void;
  /** They could not be written back: told once, tried again at every turn. */
  unrestored?(entries: number, cause: unknown): void;
  /** Told once when Redis is followed and once when it is lost, not at every attempt. */
  state?(state: 'following' | 'lost', cause?: unknown): void;
  /** Entries that this version cannot read, so does not apply. */
  unreadable?(entries: number): void;
}

export interface FollowerOptions {
  readonly log: RevocationLog;
  readonly clock: () => Date;
  /** Milliseconds that only ever grow. @default performance.now */
  readonly monotonic?: () => number;
  readonly observer?: RevocationObserver;
  /** Writes back what Redis lost: a revoker's `restore`. @default it stays in this reader alone */
  readonly restore?: (entries: readonly RevocationEntry[]) => Promise<void>;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

type State = 'following' | 'lost';

const SWEEP_EVERY_MS = 60_000;
const MAX_PAUSE_MS = 1_000;

/** The loop behind a reader; see `startRevocationReader`. */
export class Follower {
  readonly set = new RevocationSet();
  readonly #options: FollowerOptions;
  readonly #monotonic: () => number;
  readonly #stopping = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  /** undefined until everything is loaded, and again after a gap. */
  #position: Position | undefined;
  /** What Redis lacks and has not got back yet. */
  #lost: readonly RevocationEntry[] = [];
  #toldUnrestored = false;
  #heardAt = Number.NEGATIVE_INFINITY;
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** Redis' clock minus this process'. */
  #aheadMs = 0;
  #failures = 0;
  #state: State | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#monotonic = options.monotonic ?? (() => performance.now());
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get staleMs(): number {
    return this.#monotonic() - this.#heardAt;
  }

  stop(): void {
    this.#stopping.abort();
    this.#options.log.close();
  }

  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        if (await this.#turn()) this.#failures = 0;
        else await this.#pause();
      } catch (error) {
        this.#become('lost', error);
        await this.#pause();
      }
    }
  }

  /** @returns false when there was a gap */
  async #turn(): Promise<boolean> {
    this.#position ??= await this.#load();
    await this.#restoreLost();
    const askedAt = this.#monotonic();
    const turn = await this.#options.log.next(this.#position);
    const reached = endOf(turn, this.#position);
    this.#apply(turn.entries);
    this.#position = reached;
    // More entries may wait than one turn brings. And what a process reads that stood still may be old: it was true when it was sent.
    if (reached !== undefined && isAtLeast(reached, turn.last)) {
      this.#hear(Math.min(this.#monotonic(), askedAt + BLOCK_MS));
    }
    this.#sweep();
    return reached !== undefined;
  }

  /** @returns the position to follow from, taken before the sets are read */
  async #load(): Promise<Position> {
    const { log, clock, observer } = this.#options;
    const why = this.#heardAt === Number.NEGATIVE_INFINITY ? 'start' : 'gap';
    const startedAt = this.#monotonic();
    const now = await log.now();
    this.#aheadMs = now - clock().getTime();
    const position = await log.last();
    const snapshot = new RevocationSet();
    for await (const page of log.all()) this.#addTo(snapshot, page);
    this.#toldUnrestored = false;
    this.#lost = [...this.set.entries()].filter((entry) => entry.until > now && !snapshot.covers(entry));
    for (const entry of snapshot.entries()) this.set.add(entry);
    observer?.loaded?.(why, snapshot.size);
    this.#hear(startedAt);
    return position;
  }

  /** A Redis that takes no writes, or none of this process', must not end the following. */
  async #restoreLost(): Promise<void> {
    const { restore, observer } = this.#options;
    const lost = this.#lost;
    if (lost.length === 0 || restore === undefined) return;
    try {
      await restore(lost);
      this.#lost = [];
      observer?.restored?.(lost.length);
    } catch (error) {
      if (!this.#toldUnrestored) observer?.unrestored?.(lost.length, error);
      this.#toldUnrestored = true;
    }
  }

  #apply(entries: readonly LoggedEntry[]): void {
    const now = this.#options.clock().getTime() + this.#aheadMs;
    this.#addTo(
      this.set,
      entries.map(({ entry }) => entry),
    );
    for (const { position, entry } of entries) {
      if (entry === undefined) continue;
      const seconds = Math.max(0, now - millisecondsOf(position)) / 1000;
      this.#options.observer?.propagated?.(seconds, entry.kind);
    }
  }

  #addTo(set: RevocationSet, entries: readonly (RevocationEntry | undefined)[]): void {
    let unreadable = 0;
    for (const entry of entries) {
      if (entry === undefined) unreadable += 1;
      else set.add(entry);
    }
    if (unreadable > 0) this.#options.observer?.unreadable?.(unreadable);
  }

  #hear(at: number): void {
    this.#heardAt = at;
    this.#become('following');
    this.#ready.resolve();
  }

  #become(state: State, cause?: unknown): void {
    if (this.#state === state || this.#stopping.signal.aborted) return;
    this.#state = state;
    this.#options.observer?.state?.(state, cause);
  }

  #sweep(): void {
    const at = this.#monotonic();
    if (at - this.#sweptAt < SWEEP_EVERY_MS) return;
    this.#sweptAt = at;
    this.set.sweep(this.#options.clock().getTime());
  }

  async #pause(): Promise<void> {
    const { sleep = defaultSleep } = this.#options;
    const ms = Math.min(50 * 2 ** Math.min(this.#failures, 10), MAX_PAUSE_MS);
    this.#failures += 1;
    try {
      await sleep(ms, this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
  }
}

/** @returns the position after a turn; undefined when something was not sent that came after `position` */
function endOf({ last, entries }: Turn, position: Position): Position | undefined {
  if (entries.length === 0) return last === position ? position : undefined;
  let previous = position;
  for (const entry of entries) {
    if (entry.after !== previous) return undefined;
    previous = entry.position;
  }
  return previous;
}

function defaultSleep(ms: number, signal: AbortSignal): Promise<void> {
  return timer(ms, undefined, { signal });
}
