import {
  BEGINNING,
  type Head,
  type Heard,
  isAtLeast,
  type LoggedEntry,
  type RevocationLog,
} from '../revocation/log.ts';
import { toHead } from '../revocation/member.ts';
import type { Beat, RegionNote } from '../revocation/regional/bridge.ts';
import type { Mark } from '../revocation/regional/region-news.ts';
import type { RevocationEntry } from '../revocation/revocation.ts';
import { MemoryBook } from './memory-book.ts';

/** A stream and its sets in memory, as strict as Redis: positions grow, and a read waits until there is something. */
export class MemoryLog implements RevocationLog {
  isClosed = false;
  /** How many entries were ever added. */
  added = 0;
  readonly #now: () => number;
  readonly #book: MemoryBook;
  #sets: (RevocationEntry | undefined)[] = [];
  #stream: LoggedEntry[] = [];
  #last = BEGINNING;
  #takeovers = 0;
  #failure: Error | undefined;
  #duringLoad: (() => void) | undefined;
  #news = Promise.withResolvers<void>();

  constructor(now: () => number) {
    this.#now = now;
    this.#book = new MemoryBook(now);
  }

  get history(): string {
    return `history ${this.#takeovers}`;
  }

  async now(): Promise<number> {
    this.#attempt();
    return this.#now();
  }

  async head(): Promise<Head> {
    this.#attempt();
    return this.#head;
  }

  async *all(): AsyncIterable<readonly (RevocationEntry | undefined)[]> {
    this.#attempt();
    const entries = [...this.#sets];
    this.#duringLoad?.();
    this.#duringLoad = undefined;
    for (const entry of entries) yield [entry];
    this.#attempt();
  }

  async next(position: string) {
    this.#attempt();
    const head = this.#head;
    if (head.last === position) await this.#news.promise;
    this.#attempt();
    return { ...head, entries: this.#stream.filter((entry) => !isAtLeast(position, entry.position)) };
  }

  async regions() {
    this.#attempt();
    return this.#book.report();
  }

  close(): void {
    this.isClosed = true;
    this.fail(new Error('the log is closed'));
  }

  /** Adds to the sets and to the stream, as a revoker does. */
  add(...entries: readonly (Heard | undefined)[]): void {
    this.added += entries.length;
    for (const heard of entries) {
      const after = this.#last;
      const [ms = 0, n = 0] = after.split('-').map(Number);
      this.#last = this.#now() > ms ? `${this.#now()}-0` : `${ms}-${n + 1}`;
      this.#stream.push({ position: this.#last, after, entry: heard, from: heard?.from, ageMs: heard?.ageMs });
      this.#sets.push(heard);
    }
    this.tick();
  }

  /** As a revoker restores: what is there already, and stays as long, is not added again. Rejects while the log fails. */
  async restore(entries: readonly Heard[]): Promise<void> {
    this.#attempt();
    for (const entry of entries) if (!this.#has(entry)) this.add(entry);
  }

  /** Says how a region is known here. */
  async beat(region: string, beat: Omit<Beat, 'history'>): Promise<void> {
    this.#attempt();
    this.#book.beat(region, beat);
  }

  /** Says the same of other regions, if this is still its history, and the position is in the stream. */
  async note({ last, history }: Head, notes: readonly RegionNote[]): Promise<void> {
    this.#attempt();
    const isThere = last === this.#last || this.#stream.some(({ position }) => position === last);
    if (history === this.history && isThere) this.#book.note(notes);
  }

  async mark(mark: Mark): Promise<void> {
    this.#attempt();
    this.#book.mark(mark);
  }

  /** Cuts the stream down to its last entries; the sets keep everything. */
  trim(keep: number): void {
    this.#stream = keep === 0 ? [] : this.#stream.slice(-keep);
  }

  /** Forgets the last entries, as a replica does that took over before it had them. */
  loseLast(count: number): void {
    this.#stream = this.#stream.slice(0, -count);
    this.#sets = this.#sets.slice(0, -count);
    this.#last = this.#stream.at(-1)?.position ?? BEGINNING;
    this.tick();
  }

  flush(): void {
    this.#stream = [];
    this.#sets = [];
    this.#book.clear();
    this.#last = BEGINNING;
    this.tick();
  }

  /** From now on a replica answers. */
  takeOver(): void {
    this.#takeovers += 1;
    this.tick();
  }

  /** From now on every call rejects, until `error` is undefined. */
  fail(error: Error | undefined): void {
    this.#failure = error;
    this.tick();
  }

  /** Answers reads that wait, without news, as Redis does every second. */
  tick(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Run once, in the middle of the next reading of the sets. */
  whileLoading(action: () => void): void {
    this.#duringLoad = action;
  }

  get #head(): Head {
    return { last: this.#last, history: this.history };
  }

  #attempt(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #has(entry: RevocationEntry): boolean {
    return this.#sets.some((held) => held && nameOf(held) === nameOf(entry) && held.until >= entry.until);
  }
}

/** The same log, but for what is to be otherwise. */
export function logWith(log: RevocationLog, changes: Partial<RevocationLog>): RevocationLog {
  return {
    now: () => log.now(),
    head: () => log.head(),
    all: () => log.all(),
    next: (position) => log.next(position),
    regions: () => log.regions(),
    close: () => log.close(),
    ...changes,
  };
}

function nameOf({ kind, id, issuedBefore, ...said }: RevocationEntry): string {
  return `${kind} ${issuedBefore === undefined ? '' : toHead(String(issuedBefore), said)}:${id}`;
}
