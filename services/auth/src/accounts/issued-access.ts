import { isStoredId, type Revocation, type Revoker, type SessionStore } from '@sekisho/sessions';
import type { SessionEndings } from '../sessions/session-endings.ts';
import type { IssuedAccess, Owed } from './revocation-outbox.ts';

export interface IssuedAccessOptions {
  readonly endings: Pick<SessionEndings, 'one' | 'all' | 'lockOut' | 'assertAllKnown'>;
  readonly revoker: Pick<Revoker, 'revoke'>;
  readonly sessions: Pick<SessionStore, 'ownerOf'>;
}

/** What was issued, in Redis. */
export function createIssuedAccess(options: IssuedAccessOptions): IssuedAccess {
  const { endings, revoker } = options;
  return {
    revokeTokens: (userId) => revoker.revoke({ kind: 'user', id: userId }),
    async endSessions(userId, keptSession) {
      if (keptSession === undefined) await endings.lockOut(userId, 'account_changed');
      else await endings.all(userId, 'account_changed', { except: keptSession });
    },
    async revoke(revocation) {
      await revoker.revoke(revocation);
      await endNamedSessions(revocation, options);
    },
    async assertRepeatable(owed) {
      const userId = userEndedBy(owed);
      if (userId !== undefined) await endings.assertAllKnown(userId);
    },
  };
}

/** Whose sessions all end. */
function userEndedBy(owed: Owed): string | undefined {
  switch (owed.scope) {
    case 'tokens':
      return undefined;
    case 'sessions':
      return owed.userId;
    case 'named': {
      const { revocation } = owed;
      return revocation.kind === 'user' && isStoredId(revocation.id) ? revocation.id : undefined;
    }
  }
}

/** A refused session, or all of a user's, must not bring new tokens either. A workload has no sessions. */
async function endNamedSessions(revocation: Revocation, { endings, sessions }: IssuedAccessOptions): Promise<void> {
  if (revocation.kind === 'user' && isStoredId(revocation.id)) await endings.all(revocation.id, 'revoked');
  if (revocation.kind !== 'session' || !isStoredId(revocation.id)) return;
  const userId = await sessions.ownerOf(revocation.id);
  if (userId !== undefined) await endings.one(userId, revocation.id, 'revoked');
}
