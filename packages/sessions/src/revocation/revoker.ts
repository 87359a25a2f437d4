import type { RedisClient } from '../connection.ts';
import { SessionError } from '../errors.ts';
import { NOTICE_LIFE_MS, noticeKeys, toText } from '../notices/notice.ts';
import { redisCall } from '../redis-call.ts';
import { type EndedSession, SESSION_TTL_MS } from '../session.ts';
import { revocationKeys } from './keys.ts';
import { assertRevocableId } from './member.ts';
import { EVERYTHING, isDated, type Revocation, type RevocationEntry } from './revocation.ts';
import { REVOKE } from './scripts.ts';

export interface RevokerOptions {
  readonly redis: RedisClient;
  readonly clock: () => Date;
  /** Seconds the longest access token lives that any process mints. */
  readonly tokenLifetime: number;
  /** Milliseconds a session lives after its last access: as long can a refresh bring new tokens. @default 7 days */
  readonly sessionTtlMs?: number;
  /** Replicas that must hold an entry before `revoke` resolves (Redis' WAIT). @default 0 */
  readonly minReplicas?: number;
  /** Notices of ended sessions that may wait at once: about 250 bytes each. @default 100,000 */
  readonly maxNotices?: number;
  /** First part of every key. @default 'sk' */
  readonly prefix?: string;
}

/** All reject with SessionError `redis_unavailable`. */
export interface Revoker {
  /**
   * Refuses these from now on, all or none of them. Once it resolves they are in Redis, in order, and every reader is
   * being told. A call that rejected may still have worked; it can be repeated without harm.
   * @throws SessionError also `revocation_invalid`
   */
  revoke(...revocations: readonly Revocation[]): Promise<void>;
  /**
   * Refuses sessions from now on, as `revoke` does, and in the same step keeps a notice for each application that has to
   * be told: none is lost, whatever happens to this process afterwards. Of more than 500 some may be refused when it rejects.
   * @returns how many notices found no room
   */
  end(sessions: readonly EndedSession[]): Promise<number>;
  /** Brings back entries that Redis lost; those that it has, or another reader brought back before, stay as they are. */
  restore(entries: readonly RevocationEntry[]): Promise<void>;
}

/** Envoy and our verifiers accept a token for 60 s after its end; the rest is for clocks that differ. */
export const AFTER_EXPIRY_MS = 90_000;
/** A reader that was away for longer loads the sets. */
const STREAM_LIFE_MS = 10 * 60_000;
const MAX_AT_ONCE = 500;
const MAX_NOTICES = 100_000;
const REPLICATION_TIMEOUT_MS = 200;

export function createRevoker(options: RevokerOptions): Revoker {
  const { redis, clock, prefix = 'sk', minReplicas = 0, maxNotices = MAX_NOTICES } = options;
  const keys = revocationKeys(prefix);

  async function write(entries: readonly string[][], notices: readonly string[][] = []): Promise<number> {
    if (entries.length === 0) return 0;
    const sets = entries.map(([kind = '']) => `${keys.stream}:${kind}`);
    const { due, waiting } = noticeKeys(prefix);
    const noted = notices.length > 0 ? [maxNotices, NOTICE_LIFE_MS, ...notices.flat()] : [];
    const lost = await REVOKE.run(
      redis,
      [keys.stream, ...sets, ...(notices.length > 0 ? [due, waiting] : [])],
      [clock().getTime(), STREAM_LIFE_MS, entries.length, ...entries.flat(), ...noted],
    );
    if (minReplicas > 0) await confirmReplicated(redis, keys.stream, minReplicas);
    return Number(lost);
  }

  function endAtOnce(sessions: readonly EndedSession[]): Promise<number> {
    const now = clock().getTime();
    const notices = sessions.flatMap(({ id, userId, clientId }) =>
      clientId === undefined ? [] : [[id, toText({ userId, clientId, endedAt: now, attempts: 0 })]],
    );
    return write(
      sessions.map(({ id }) => toArguments({ kind: 'session', id }, options)),
      notices,
    );
  }

  return {
    async revoke(...revocations) {
      assertAtOnce(revocations.length);
      await write(revocations.map((revocation) => toArguments(revocation, options)));
    },
    async end(sessions) {
      let lost = 0;
      for (let from = 0; from < sessions.length; from += MAX_AT_ONCE) {
        lost += await endAtOnce(sessions.slice(from, from + MAX_AT_ONCE));
      }
      return lost;
    },
    async restore(entries) {
      for (let from = 0; from < entries.length; from += MAX_AT_ONCE) {
        await write(entries.slice(from, from + MAX_AT_ONCE).map(restoring));
      }
    },
  };
}

function assertAtOnce(count: number): void {
  if (count <= MAX_AT_ONCE) return;
  throw new SessionError('revocation_invalid', `${MAX_AT_ONCE} revocations at most can be made in one step`);
}

/**
 * For who keeps a revocation to make it later: it must not turn out then that it cannot be.
 * @throws SessionError `revocation_invalid` for what `revoke` would refuse now
 */
export function assertRevocable(revocation: Revocation, now: Date): void {
  if (revocation.kind !== 'all') assertRevocableId(revocation.id);
  if (revocation.kind === 'token') untilOf(revocation.exp, now);
  else if ('issuedBefore' in revocation) momentOf(revocation.issuedBefore, now);
}

/** As the script reads an entry: kind, id, issued before, until, life. */
function toArguments(revocation: Revocation, options: RevokerOptions): string[] {
  const { clock, tokenLifetime, sessionTtlMs = SESSION_TTL_MS } = options;
  const tokenLife = String(tokenLifetime * 1000 + AFTER_EXPIRY_MS);
  // As long as a session could be refreshed: one that was issued before the moment, or one that is destroyed and that a
  // failover brings back, because its end was on no replica.
  const sessionLife = String(Math.max(sessionTtlMs, tokenLifetime * 1000) + AFTER_EXPIRY_MS);
  const id = revocation.kind === 'all' ? EVERYTHING : revocation.id;
  assertRevocableId(id);
  switch (revocation.kind) {
    case 'token':
      return [revocation.kind, id, '', untilOf(revocation.exp, clock()), tokenLife];
    case 'session':
      return [revocation.kind, id, '', '', sessionLife];
    case 'key':
      // Who stole it writes `exp` as far away as they like: time to take the key out of the key set.
      return [revocation.kind, id, '', '', sessionLife];
    case 'user':
    case 'device':
    case 'client':
    case 'all':
      return [revocation.kind, id, momentOf(revocation.issuedBefore, clock()), '', sessionLife];
  }
}

function untilOf(exp: number | undefined, now: Date): string {
  if (exp === undefined) return '';
  const until = exp * 1000 + AFTER_EXPIRY_MS;
  // Bounds what readers keep in memory; no token of ours lives as long.
  if (Number.isSafeInteger(exp) && until <= now.getTime() + SESSION_TTL_MS + AFTER_EXPIRY_MS) return String(until);
  throw new SessionError('revocation_invalid', 'exp must be in epoch seconds and at most 7 days away');
}

const MAX_AHEAD_SECONDS = 60;

function momentOf(issuedBefore: number | undefined, now: Date): string {
  if (issuedBefore === undefined) return 'now';
  const latest = now.getTime() / 1000 + MAX_AHEAD_SECONDS;
  // Later, and nobody could log in until then.
  if (Number.isSafeInteger(issuedBefore) && issuedBefore >= 0 && issuedBefore <= latest) return String(issuedBefore);
  throw new SessionError('revocation_invalid', 'issuedBefore must be in epoch seconds and not in the future');
}

function restoring({ kind, id, issuedBefore, until }: RevocationEntry): string[] {
  return [kind, id, isDated(kind) ? String(issuedBefore) : '', String(until), '0'];
}

/**
 * WAIT counts the replicas that have what this connection wrote; EXISTS before it leads to the same node of a cluster.
 * An entry that is not confirmed is written all the same: the caller learns that it might be lost in a failover.
 */
async function confirmReplicated(redis: RedisClient, key: string, minReplicas: number): Promise<void> {
  const replies = await redisCall(redis.pipeline().exists(key).wait(minReplicas, REPLICATION_TIMEOUT_MS).exec());
  const [error, confirmed] = replies?.[1] ?? [];
  if (error == null && Number(confirmed) >= minReplicas) return;
  throw new SessionError('redis_unavailable', 'too few replicas confirmed the revocation', { cause: error });
}
