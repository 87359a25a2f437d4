import { setTimeout as timer } from 'node:timers/promises';
import { createRefill } from './refill.ts';
import type { Histories } from './resend.ts';
import { createSyncTurn, type SyncTurnOptions, type Turn } from './sync-turn.ts';

export interface SessionSyncOptions extends SyncTurnOptions {
  /** Milliseconds between two looks at the outboxes. @default 250 */
  readonly everyMs?: number;
  /**
   * Milliseconds after which an entry is taken from a process that did not come back with it (one that cannot bring it gives it
   * back at once), and between two looks whether the global store lost anything. @default 30_000
   */
  readonly claimAfterMs?: number;
  /** Milliseconds that only ever grow. @default performance.now */
  readonly monotonic?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told when the global store had not all of this region, with how many sessions it is told of again. */
  readonly onRefill?: (sessions: number) => void;
  /** Told once when changes reach the global store and once when they do not, not at every attempt. */
  readonly onState?: (state: 'working' | 'failing', cause?: unknown) => void;
}

export interface SessionSync {
  /** Milliseconds that the oldest change has waited which the other regions were not told of; 0 when none waits. */
  readonly lagMs: number;
  /** Sessions whose changes wait. */
  readonly waiting: number;
  /** Milliseconds since the global store was told of all that had changed by then; Infinity until that is known. */
  readonly untoldMs: number;
  /** Ends after the turn that is under way, which takes no longer than its commands may. */
  stop(): Promise<void>;
}

const EVERY_MS = 250;
const CLAIM_AFTER_MS = 30_000;
const MAX_PAUSE_MS = 5_000;
/** Of 64 shards: together about half a megabyte on the line. */
const MAX_COUNT = 8;

/** Brings what changed in this region to the store that all share, as long as it runs. Waits for nothing. */
export function startSessionSync(options: SessionSyncOptions): SessionSync {
  const sync = new Sync(options);
  const running = sync.run();
  return {
    get lagMs() {
      return sync.lagMs;
    },
    get waiting() {
      return sync.last.waiting;
    },
    get untoldMs() {
      return sync.untoldMs;
    },
    async stop() {
      sync.stop();
      await running;
    },
  };
}

const NOTHING: Turn = { waiting: 0, lagMs: 0, hasMore: false, isWhole: true, failure: undefined };

class Sync {
  last = NOTHING;
  readonly #options: SessionSyncOptions;
  readonly #turn: ReturnType<typeof createSyncTurn>;
  readonly #refill: ReturnType<typeof createRefill>;
  readonly #monotonic: () => number;
  readonly #stopping = new AbortController();
  #lookedAt: number;
  /** On the clock that only grows: until then everything is told. */
  #toldUntil = Number.NEGATIVE_INFINITY;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #count = 1;
  #state: 'working' | 'failing' | undefined;
  #refilling: Promise<void> | undefined;
  #refillAt = Number.NEGATIVE_INFINITY;
  #refillFailure: unknown;

  constructor(options: SessionSyncOptions) {
    this.#options = options;
    const histories: Histories = new Map();
    this.#turn = createSyncTurn({ ...options, histories });
    this.#refill = createRefill({ ...options, histories });
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#lookedAt = this.#monotonic();
  }

  /** While nobody can look, what waits grows older, and something may have come. */
  get lagMs(): number {
    const blindMs = this.#monotonic() - this.#lookedAt;
    return this.last.lagMs + (blindMs > MAX_PAUSE_MS ? blindMs : 0);
  }

  get untoldMs(): number {
    return this.#monotonic() - this.#toldUntil;
  }

  stop(): void {
    this.#stopping.abort();
  }

  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#next();
      } catch (error) {
        this.#fail(error);
      }
      if (this.#failures > 0 || !this.last.hasMore) await this.#pause();
    }
    await this.#refilling;
  }

  async #next(): Promise<void> {
    const { claimAfterMs = CLAIM_AFTER_MS } = this.#options;
    const at = this.#monotonic();
    const isSweeping = at - this.#sweptAt >= claimAfterMs;
    this.last = await this.#turn({ count: this.#count, claimAfterMs, isSweeping });
    if (this.last.isWhole) {
      this.#lookedAt = at;
      this.#toldUntil = Math.max(this.#toldUntil, at - this.last.lagMs);
    }
    if (isSweeping) this.#sweptAt = at;
    if (this.last.failure !== undefined) return this.#fail(this.last.failure);
    // A store that lost everything was away, if only for a moment.
    if (at >= this.#refillAt || this.#failures > 0) this.#refilling ??= this.#refillOnce();
    this.#failures = 0;
    // A store that just came back, or a slow line, is not given everything at once.
    this.#count = Math.min(2 * this.#count, MAX_COUNT);
    if (this.#refillFailure === undefined) this.#become('working');
  }

  /** Beside the turns, which go on meanwhile. */
  async #refillOnce(): Promise<void> {
    const { claimAfterMs = CLAIM_AFTER_MS, onRefill } = this.#options;
    try {
      const queued = await this.#refill(this.#stopping.signal);
      if (queued > 0) onRefill?.(queued);
      this.#refillFailure = undefined;
    } catch (error) {
      this.#refillFailure = error;
      this.#become('failing', error);
    } finally {
      const pauseMs = this.#refillFailure === undefined ? claimAfterMs : MAX_PAUSE_MS;
      this.#refillAt = this.#monotonic() + pauseMs;
      this.#refilling = undefined;
    }
  }

  #fail(cause: unknown): void {
    this.#failures += 1;
    this.#count = 1;
    this.#become('failing', cause);
  }

  #become(state: 'working' | 'failing', cause?: unknown): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState?.(state, cause);
  }

  async #pause(): Promise<void> {
    const { everyMs = EVERY_MS, sleep = defaultSleep } = this.#options;
    const ms = Math.min(everyMs * 2 ** Math.min(this.#failures, 10), MAX_PAUSE_MS);
    try {
      await sleep(ms, this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
  }
}

function defaultSleep(ms: number, signal: AbortSignal): Promise<void> {
  return timer(ms, undefined, { signal });
}
