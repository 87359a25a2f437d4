import type { RedisClient } from './connection.ts';
import { SessionError } from './errors.ts';
import { sessionKeys } from './keys.ts';
import { redisCall } from './redis-call.ts';
import { BEGIN, ROTATE } from './refresh-scripts.ts';
import type { Provenance } from './regions/untold.ts';
import { writtenBy } from './regions/written.ts';
import { items } from './replies.ts';
import { fromFields, SESSION_TTL_MS, type Session } from './session.ts';
import { createSessionIndex } from './session-index.ts';
import type { Replicated } from './store.ts';

/**
 * The refresh tokens of one session, of which one is valid at a time. What is kept is not a token but what makes one:
 * a secret, and which of them is next. It lives and ends with the session, in its hash.
 */
export interface RefreshFamily {
  readonly secret: string;
  /** Whom the tokens are for and what they may bring: the caller's, kept as it is. */
  readonly context: string;
}

export interface FamilyOfSession extends RefreshFamily {
  readonly session: Session;
  /** Which of the family's tokens is valid now. */
  readonly generation: number;
  /** False while another region, or a store that is away, may know a later family of the session. */
  readonly isLatest: boolean;
}

export interface RefreshAttempt {
  readonly userId: string;
  readonly sessionId: string;
  /** Which token of the family is used, counted from 0. The caller knows it to be genuine. */
  readonly generation: number;
  /** The family it is of: a newer one of the same session has another. */
  readonly secret: string;
}

/**
 * - `rotated`: the token was the valid one; its successor is now
 * - `repeated`: it was used a moment ago, and has the same successor: two tabs, or an answer that was lost
 * - `replayed`: it was used before that, so one of two users stole it; the family is over for both
 * - `ended`: the session or this family of it is over
 */
export type Rotation =
  | {
      readonly result: 'rotated' | 'repeated';
      readonly generation: number;
      /** Prolonged: to refresh a session is to use it. */
      readonly session: Session;
    }
  | { readonly result: 'replayed' | 'ended' };

export interface RefreshStoreOptions {
  readonly redis: RedisClient;
  readonly clock: () => Date;
  /** Milliseconds in which a used token still has its successor. @default 10_000 */
  readonly graceMs?: number;
  /** Milliseconds a session lives after its last access, as the session store has it. @default 7 days */
  readonly ttlMs?: number;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
}

/** Every method rejects with SessionError `redis_unavailable` when Redis is away. */
export interface RefreshStore {
  /** Begins a family, at generation 0; tokens of an earlier one are worth nothing from then on. @returns whether the session lives */
  begin(userId: string, sessionId: string, family: RefreshFamily): Promise<boolean>;
  /** Undefined when the session or its family is over. @param from as in SessionStore.get */
  find(userId: string, sessionId: string, from?: Provenance): Promise<FamilyOfSession | undefined>;
  /**
   * Uses a token and prolongs its session, in one step: of any number at once that use the same one, all get the same
   * successor.
   */
  rotate(attempt: RefreshAttempt): Promise<Rotation>;
}

const GRACE_MS = 10_000;

export function createRefreshStore(options: RefreshStoreOptions): RefreshStore {
  return openRefreshStore(options);
}

/** @param replicated undefined where there are no regions */
export function openRefreshStore(options: RefreshStoreOptions, replicated?: Replicated): RefreshStore {
  const { redis, clock, graceMs = GRACE_MS, ttlMs = SESSION_TTL_MS, prefix = 'sk' } = options;
  const keys = sessionKeys(prefix);
  const now = () => clock().getTime();
  const index = createSessionIndex({ redis, keys, ttlMs });
  const written = writtenBy(options, replicated);
  const outbox = (userId: string) => (replicated?.isOwn === true ? [keys.outboxOf(userId)] : []);
  return {
    async begin(userId, sessionId, { secret, context }) {
      const ofSession = [keys.session(userId, sessionId), ...outbox(userId)];
      const counted = replicated === undefined ? '' : '1';
      return (await BEGIN.run(redis, ofSession, [written.now(), secret, context, counted])) === 1;
    },

    async find(userId, sessionId) {
      const fields = await redisCall(redis.hgetall(keys.session(userId, sessionId)));
      const session = fromFields(Object.entries(fields).flat());
      const { refreshSecret: secret, refreshContext: context, refreshGeneration: generation } = fields;
      if (session === undefined || session.expiresAt <= now()) return undefined;
      if (secret === undefined || context === undefined) return undefined;
      const isLatest = replicated?.isOwn ?? true;
      return { session, secret, context, generation: Number(generation), isLatest };
    },

    async rotate({ userId, sessionId, generation, secret }) {
      const ofSession = [keys.session(userId, sessionId), keys.ofUser(userId), ...outbox(userId)];
      const times = [sessionId, ttlMs, written.behindMs()];
      const reply = await ROTATE.run(redis, ofSession, [written.now(), secret, generation, graceMs, ...times]);
      const { result, valid, fields } = readRotation(reply);
      if (result === 'replayed' || result === 'ended') return { result };
      const session = await index.follow(fields, now());
      return session === undefined ? { result: 'ended' } : { result, generation: valid, session };
    },
  };
}

const RESULTS = ['rotated', 'repeated', 'replayed', 'ended'] as const satisfies Rotation['result'][];

function readRotation(reply: unknown) {
  const [name, valid, fields] = items(reply);
  const result = RESULTS.find((known) => known === name);
  if (result === undefined) {
    throw new SessionError('session_invalid', 'the refresh tokens of a stored session are damaged');
  }
  return { result, valid: Number(valid), fields: Array.isArray(fields) ? fields.map(String) : [] };
}
