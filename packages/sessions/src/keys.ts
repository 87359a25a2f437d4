import { SessionError } from './errors.ts';

/** An id becomes part of a key: braces would move it to another cluster slot, colons could name another key. */
const ID = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * Names of the Redis keys. `{user:<id>}` is the hash tag: what belongs to one user lies in one cluster slot and
 * changes together; the index from session to user cannot, its slot follows from the session alone.
 */
export function sessionKeys(prefix: string) {
  return {
    /** zset: session ids by last access, milliseconds since the epoch. */
    ofUser: (userId: string) => `${prefix}:{user:${checkId(userId)}}:sessions`,
    /** hash: one session. */
    session: (userId: string, sessionId: string) => `${prefix}:{user:${checkId(userId)}}:session:${checkId(sessionId)}`,
    /** What `session` begins with: a script appends the id of a session that it finds. */
    sessionPrefix: (userId: string) => `${prefix}:{user:${checkId(userId)}}:session:`,
    /** string: the user of a session. */
    owner: (sessionId: string) => `${prefix}:session:${checkId(sessionId)}`,
  };
}

export type SessionKeys = ReturnType<typeof sessionKeys>;

function checkId(id: string): string {
  if (!ID.test(id)) throw new SessionError('session_invalid', 'an id must be 1 to 128 letters, digits, "_" or "-"');
  return id;
}
