import { setTimeout as timer } from 'node:timers/promises';
import { Arrears, lackingIn } from './arrears.ts';
import {
  BLOCK_MS,
  type Heard,
  isAtLeast,
  type LoggedEntry,
  millisecondsOf,
  type Position,
  type RevocationLog,
  type Turn,
} from './log.ts';
import type { LoadReason, RevocationObserver } from './observer.ts';
import type { RevocationEntry } from './revocation.ts';
import { RevocationSet } from './revocation-set.ts';

export interface FollowerOptions {
  readonly log: RevocationLog;
  readonly clock: () => Date;
  /** Milliseconds that only ever grow. @default performance.now */
  readonly monotonic?: () => number;
  readonly observer?: RevocationObserver;
  /** Writes back what Redis lost: a revoker's `restore`. @default it stays in this reader alone */
  readonly restore?: (entries: readonly Heard[]) => Promise<void>;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What a follower shares with that of another log. Nothing that is told here may throw. */
export interface Shared {
  readonly set: RevocationSet;
  /** What this log lacks. */
  readonly arrears: Arrears;
  /** Told what nobody knew before; the others are to have it too. Of more than MAX_OWED there is one more than that. */
  readonly onNews: (entries: readonly Heard[]) => void;
  /** Asked with each question for what is new; what it learned counts once everything up to it was heard. */
  readonly beside: () => Promise<() => void>;
  /** Told when everything was loaded, and after each turn, also one that failed: every second or two. */
  readonly onTurn: () => void;
}

type State = 'following' | 'lost';

const SWEEP_EVERY_MS = 60_000;
const MAX_PAUSE_MS = 1_000;

/** The loop behind a reader; see `startRevocationReader`. */
export class Follower {
  readonly set: RevocationSet;
  readonly #options: FollowerOptions;
  readonly #shared: Shared | undefined;
  readonly #arrears: Arrears;
  readonly #monotonic: () => number;
  readonly #stopping = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  #position: Position | undefined;
  /** Of the place, when everything was loaded. */
  #history: string | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** Redis' clock minus this process'. */
  #aheadMs = 0;
  #failures = 0;
  #state: State | undefined;

  constructor(options: FollowerOptions, shared?: Shared) {
    const { observer, restore, monotonic = () => performance.now() } = options;
    this.#options = options;
    this.#shared = shared;
    this.#monotonic = monotonic;
    this.set = shared?.set ?? new RevocationSet();
    this.#arrears =
      shared?.arrears ??
      new Arrears({
        ...{ restore, monotonic },
        onPaid: (entries) => observer?.restored?.(entries),
        onUnpaid: (entries, cause) => observer?.unrestored?.(entries, cause),
      });
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** On the clock that only grows: until then everything is known. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Where it goes on from; undefined until everything is loaded, and again after a gap. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Of the place as it was compared last; undefined before the first time. */
  get history(): string | undefined {
    return this.#history;
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
      } finally {
        this.#shared?.onTurn();
      }
    }
  }

  /** @returns false when there was a gap */
  async #turn(): Promise<boolean> {
    if (this.#position === undefined || !this.#arrears.isCompared) {
      this.#position = await this.#load();
      this.#shared?.onTurn();
    }
    const paying = this.#arrears.pay();
    // What one log lacks of another may be much, and is paid beside the following.
    if (this.#shared === undefined) await paying;
    const askedAt = this.#monotonic();
    const [learn, turn] = await Promise.all([this.#shared?.beside(), this.#options.log.next(this.#position)]);
    // Another history may lack what was written there and not read back.
    const reached = turn.history === this.#history ? endOf(turn, this.#position) : undefined;
    this.#apply(turn.entries);
    this.#position = reached;
    // More entries may wait than one turn brings. And what a process reads that stood still may be old: it was true when it was sent.
    if (reached !== undefined && isAtLeast(reached, turn.last)) {
      learn?.();
      this.#hear(Math.min(this.#monotonic(), askedAt + BLOCK_MS));
    }
    this.#sweep();
    return reached !== undefined;
  }

  /** @returns the position to follow from, taken before the sets are read */
  async #load(): Promise<Position> {
    const { log, clock, observer } = this.#options;
    const startedAt = this.#monotonic();
    const now = await log.now();
    this.#aheadMs = now - clock().getTime();
    const [learn, { last, history }] = await Promise.all([this.#shared?.beside(), log.head()]);
    const snapshot = new RevocationSet();
    for await (const page of log.all()) this.#addTo(snapshot, page, now);
    const news = this.#shared && lackingIn(this.set, { of: snapshot, now });
    const missing = lackingIn(snapshot, { of: this.set, now });
    this.#arrears.settle(missing);
    for (const entry of snapshot.entries()) this.set.add(entry);
    if (news !== undefined) this.#shared?.onNews(news);
    observer?.loaded?.(this.#whyLoaded(history, missing.length), snapshot.size);
    this.#history = history;
    learn?.();
    this.#hear(startedAt);
    return last;
  }

  #whyLoaded(history: string, missing: number): LoadReason {
    if (this.#heardAt === Number.NEGATIVE_INFINITY) return 'start';
    return history !== this.#history && missing === 0 ? 'takeover' : 'gap';
  }

  #apply(entries: readonly LoggedEntry[]): void {
    const now = this.#options.clock().getTime() + this.#aheadMs;
    const news: Heard[] = [];
    for (const { position, entry, from, ageMs = 0 } of entries) {
      if (entry === undefined) continue;
      const age = Math.max(0, now - millisecondsOf(position)) + ageMs;
      const isNews = this.#shared === undefined || !this.set.covers(entry);
      this.set.add(entry);
      if (!isNews) continue;
      news.push({ ...entry, from, ageMs: age });
      this.#options.observer?.propagated?.(age / 1000, entry.kind, from);
    }
    this.#tellUnreadable(entries.filter(({ entry }) => entry === undefined).length);
    this.#shared?.onNews(news);
  }

  /** What is over, and was not cleared away yet, says nothing any more. */
  #addTo(set: RevocationSet, entries: readonly (RevocationEntry | undefined)[], now: number): void {
    for (const entry of entries) if (entry !== undefined && entry.until > now) set.add(entry);
    this.#tellUnreadable(entries.filter((entry) => entry === undefined).length);
  }

  #tellUnreadable(entries: number): void {
    if (entries > 0) this.#options.observer?.unreadable?.(entries);
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
