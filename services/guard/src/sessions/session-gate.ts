import { isSessionUntold, isTouchDue, type Provenance, type Session, type SessionStore } from '@sekisho/sessions';
import { RecentMap } from '../recent-map.ts';
import type { TouchQueue } from './touch-queue.ts';

/**
 * Whether a session lives: `unknown` when the store does not answer, or may not have been told of it yet, and nothing, or
 * nothing recent enough, is known from before.
 */
export type SessionState =
  | { readonly state: 'alive'; readonly known: KnownSession }
  | { readonly state: 'over' }
  | { readonly state: 'unknown' };

/** A session as it was read, with what requests found out since. */
export interface KnownSession {
  readonly session: Session;
  /** The User-Agent that was compared last and found in order, though it is not the one that the log-in noted. */
  comparedAgent: string | undefined;
}

export interface SessionGateOptions {
  readonly sessions: Pick<SessionStore, 'get'>;
  readonly touches: TouchQueue;
  readonly clock: () => Date;
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number;
  /**
   * Milliseconds a session is taken for alive without asking again. That one was ended comes by its revocation, at once; this
   * bounds what comes by none: that nobody used it, or that Redis lost it.
   */
  readonly freshMs: number;
  /** Milliseconds that what is known may be old while the store is away. */
  readonly maxStalenessMs: number;
  /** @default 100_000 */
  readonly maxEntries?: number;
  readonly onUnavailable: (error: unknown) => void;
}

export interface SessionGate {
  /** At once where the session is known, else in one round trip. Never rejects. */
  check(session: SessionRef): SessionState | Promise<SessionState>;
  forget(id: string): void;
  readonly size: number;
}

export interface SessionRef {
  readonly id: string;
  readonly userId: string;
  /** By what it is asked for. */
  readonly from?: Provenance;
}

interface Entry {
  readonly alive: { readonly state: 'alive'; readonly known: KnownSession };
  readonly readAt: number;
  readonly userId: string;
  lastTouchedAt: number;
  /** While the store is away: when it is asked again. */
  retryAt: number;
}

/** A store that hangs must not hold up each request of a session anew. */
const RETRY_MS = 1_000;
const OVER = { state: 'over' } as const;
const UNKNOWN = { state: 'unknown' } as const;

/** Sessions in memory, each read again now and then, and touched at most once a minute. */
export function createSessionGate(options: SessionGateOptions): SessionGate {
  return new Gate(options);
}

class Gate implements SessionGate {
  readonly #options: SessionGateOptions;
  readonly #entries: RecentMap<Entry>;
  readonly #reading = new Map<string, Promise<SessionState>>();

  constructor(options: SessionGateOptions) {
    this.#options = options;
    this.#entries = new RecentMap<Entry>(options.maxEntries ?? 100_000);
  }

  get size(): number {
    return this.#entries.size;
  }

  forget(id: string): void {
    this.#entries.delete(id);
  }

  check(ref: SessionRef): SessionState | Promise<SessionState> {
    const { id, userId } = ref;
    // Read again every `freshMs`, it is written often enough to be kept.
    const found = this.#entries.peek(id);
    // A token that names another user's session names none.
    const entry = found?.userId === userId ? found : undefined;
    if (entry !== undefined && this.#isGood(entry)) return this.#use(entry);
    const key = `${userId} ${id}`;
    const running = this.#reading.get(key);
    if (running !== undefined) return running;
    const started = this.#read(ref, entry).finally(() => this.#reading.delete(key));
    this.#reading.set(key, started);
    return started;
  }

  #isGood(entry: Entry): boolean {
    const { monotonic, freshMs, maxStalenessMs } = this.#options;
    return this.#isUsable(entry, freshMs) || (monotonic() < entry.retryAt && this.#isUsable(entry, maxStalenessMs));
  }

  #isUsable({ alive, readAt }: Entry, forMs: number): boolean {
    const { monotonic, clock } = this.#options;
    return monotonic() - readAt < forMs && alive.known.session.expiresAt > clock().getTime();
  }

  #use(entry: Entry): SessionState {
    const now = this.#options.clock().getTime();
    if (isTouchDue({ lastAccessedAt: entry.lastTouchedAt }, now)) {
      entry.lastTouchedAt = now;
      this.#options.touches.add(entry.userId, entry.alive.known.session.id);
    }
    return entry.alive;
  }

  async #read({ id, userId, from }: SessionRef, before: Entry | undefined): Promise<SessionState> {
    const { sessions, monotonic } = this.#options;
    const readAt = monotonic();
    try {
      const session = await sessions.get(userId, id, from);
      if (session === undefined) {
        this.#entries.delete(id);
        return OVER;
      }
      const known = { session, comparedAgent: before?.alive.known.comparedAgent };
      const lastTouchedAt = Math.max(session.lastAccessedAt, before?.lastTouchedAt ?? 0);
      const entry: Entry = { alive: { state: 'alive', known }, readAt, userId, lastTouchedAt, retryAt: 0 };
      this.#entries.set(id, entry);
      return this.#use(entry);
    } catch (error) {
      return this.#withoutStore(error, before);
    }
  }

  #withoutStore(error: unknown, before: Entry | undefined): SessionState {
    const { monotonic, maxStalenessMs, onUnavailable } = this.#options;
    if (!isSessionUntold(error)) onUnavailable(error);
    if (before === undefined || !this.#isUsable(before, maxStalenessMs)) return UNKNOWN;
    before.retryAt = monotonic() + RETRY_MS;
    return before.alive;
  }
}
