import { isTouchDue, type Provenance, type Session, SessionError, type SessionStore } from '@sekisho/sessions';
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
  const { sessions, touches, clock, monotonic, freshMs, maxStalenessMs, maxEntries = 100_000, onUnavailable } = options;
  const entries = new RecentMap<Entry>(maxEntries);
  const reading = new Map<string, Promise<SessionState>>();

  const isUsable = ({ alive, readAt }: Entry, forMs: number) =>
    monotonic() - readAt < forMs && alive.known.session.expiresAt > clock().getTime();
  const isGood = (entry: Entry) =>
    isUsable(entry, freshMs) || (monotonic() < entry.retryAt && isUsable(entry, maxStalenessMs));
  const use = (entry: Entry): SessionState => {
    const now = clock().getTime();
    if (isTouchDue({ lastAccessedAt: entry.lastTouchedAt }, now)) {
      entry.lastTouchedAt = now;
      touches.add(entry.userId, entry.alive.known.session.id);
    }
    return entry.alive;
  };
  const read = async ({ id, userId, from }: SessionRef, before: Entry | undefined): Promise<SessionState> => {
    const readAt = monotonic();
    try {
      const session = await sessions.get(userId, id, from);
      if (session === undefined) {
        entries.delete(id);
        return OVER;
      }
      const known = { session, comparedAgent: before?.alive.known.comparedAgent };
      const lastTouchedAt = Math.max(session.lastAccessedAt, before?.lastTouchedAt ?? 0);
      const entry: Entry = { alive: { state: 'alive', known }, readAt, userId, lastTouchedAt, retryAt: 0 };
      entries.set(id, entry);
      return use(entry);
    } catch (error) {
      if (!isUntold(error)) onUnavailable(error);
      if (before === undefined || !isUsable(before, maxStalenessMs)) return UNKNOWN;
      before.retryAt = monotonic() + RETRY_MS;
      return before.alive;
    }
  };
  return {
    check(ref) {
      const { id, userId } = ref;
      // Read again every `freshMs`, it is written often enough to be kept.
      const found = entries.peek(id);
      // A token that names another user's session names none.
      const entry = found?.userId === userId ? found : undefined;
      if (entry !== undefined && isGood(entry)) return use(entry);
      const key = `${userId} ${id}`;
      const running = reading.get(key);
      if (running !== undefined) return running;
      const started = read(ref, entry).finally(() => reading.delete(key));
      reading.set(key, started);
      return started;
    },
    forget: (id) => entries.delete(id),
    get size() {
      return entries.size;
    },
  };
}

/** No store is away then. */
function isUntold(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'session_untold';
}
