import type { SessionStore } from '@sekisho/sessions';
import type { IssuedAccess } from './revocation-outbox.ts';

/** What was issued to a user, in Redis. */
export function createIssuedAccess({ sessions }: { readonly sessions: SessionStore }): IssuedAccess {
  return {
    async revokeTokens() {},
    async endSessions(userId, keptSession) {
      for (const { id } of await sessions.list(userId)) {
        if (id !== keptSession) await sessions.destroy(userId, id);
      }
    },
  };
}
