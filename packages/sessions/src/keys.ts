import { crc32 } from 'node:zlib';
import { SessionError } from './errors.ts';

/** An id becomes part of a key: braces would move it to another cluster slot, colons could name another key. */
const ID = /^[A-Za-z0-9_-]{1,128}$/;

const SHARD_COUNT = 64;

/** A part of all users: what it holds lies in one cluster slot, and changes together. */
export type Shard = string;

export const SHARDS: readonly Shard[] = Array.from(
  { length: SHARD_COUNT },
  (_, index) => `s${String(index).padStart(2, '0')}`,
);

/** It follows from the id alone, for every version and in every region. */
export function shardOf(userId: string): Shard {
  return SHARDS[crc32(checkId(userId)) % SHARD_COUNT] ?? '';
}

/**
 * Names of the Redis keys. The shard is the hash tag: what belongs to one user lies in one cluster slot and changes
 * together, with the outbox that tells other regions of it; the index from session to user cannot, its slot follows
 * from the session alone.
 */
export function sessionKeys(prefix: string) {
  const users = (shard: Shard) => `${prefix}:{${shard}}:user:`;
  const ofUser = (userId: string) => `${users(shardOf(userId))}${userId}`;
  const outbox = (shard: Shard) => `${prefix}:{${shard}}:outbox`;
  return {
    /** zset: session ids by last access, milliseconds since the epoch. */
    ofUser: (userId: string) => `${ofUser(userId)}:sessions`,
    /** hash: one session. */
    session: (userId: string, sessionId: string) => `${ofUser(userId)}:session:${checkId(sessionId)}`,
    /** What `session` begins with: a script appends the id of a session that it finds. */
    sessionPrefix: (userId: string) => `${ofUser(userId)}:session:`,
    /** string: the user of a session. */
    owner: (sessionId: string) => `${prefix}:session:${checkId(sessionId)}`,
    /** What the keys of a shard's users begin with. */
    users,
    /** stream: the sessions of a shard that changed since other regions were told of them. */
    outbox,
    /** stream: what the global store was told of a moment ago, and could still lose. */
    sent: (shard: Shard) => `${prefix}:{${shard}}:sent`,
    /** The outbox of the user's shard. */
    outboxOf: (userId: string) => outbox(shardOf(userId)),
  };
}

export type SessionKeys = ReturnType<typeof sessionKeys>;

/** Whether a session or a user may have this id here; those of other issuers may have others. */
export function isStoredId(id: string): boolean {
  return ID.test(id);
}

function checkId(id: string): string {
  if (!isStoredId(id)) throw new SessionError('session_invalid', 'an id must be 1 to 128 letters, digits, "_" or "-"');
  return id;
}
