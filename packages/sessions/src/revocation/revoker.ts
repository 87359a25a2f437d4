import type { RedisClient } from '../connection.ts';
import { SessionError } from '../errors.ts';
import { NOTICE_LIFE_MS, noticeKeys, toText } from '../notices/notice.ts';
import { redisCall } from '../redis-call.ts';
import type { EndedSession } from '../session.ts';
import { type EntryArguments, restoring, toArguments, type WritingOptions } from './entry-arguments.ts';
import { revocationKeys } from './keys.ts';
import type { Heard } from './log.ts';
import type { Revocation } from './revocation.ts';
import { REVOKE, STREAM_LIFE_MS } from './scripts.ts';

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
  restore(entries: readonly Heard[]): Promise<void>;
}

const MAX_AT_ONCE = 500;
const MAX_NOTICES = 100_000;
const REPLICATION_TIMEOUT_MS = 200;

export function createRevoker(options: RevokerOptions): Revoker {
  return createRevokerOf(options);
}

/** @param place the region that revokes, where there are several, and whether Redis' clock is its own */
export function createRevokerOf(
  options: RevokerOptions,
  place: Pick<WritingOptions, 'region' | 'isOwnClock'> = {},
): Revoker {
  const { clock } = options;
  const writing: WritingOptions = { ...options, ...place };
  const write = writeIn(options);

  function endAtOnce(sessions: readonly EndedSession[]): Promise<number> {
    const now = clock().getTime();
    const notices = sessions.flatMap(({ id, userId, clientId }) =>
      clientId === undefined ? [] : [[id, toText({ userId, clientId, endedAt: now, attempts: 0 })]],
    );
    return write(
      sessions.flatMap(({ id }) => toArguments({ kind: 'session', id }, writing)),
      notices,
    );
  }

  return {
    async revoke(...revocations) {
      assertAtOnce(revocations.length);
      await write(revocations.flatMap((revocation) => toArguments(revocation, writing)));
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

/** @returns how many notices found no room */
type Write = (entries: readonly EntryArguments[], notices?: readonly string[][]) => Promise<number>;

function writeIn(options: RevokerOptions): Write {
  const { redis, clock, prefix = 'sk', minReplicas = 0, maxNotices = MAX_NOTICES } = options;
  const keys = revocationKeys(prefix);
  return async (entries, notices = []) => {
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
  };
}

function assertAtOnce(count: number): void {
  if (count <= MAX_AT_ONCE) return;
  throw new SessionError('revocation_invalid', `${MAX_AT_ONCE} revocations at most can be made in one step`);
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
