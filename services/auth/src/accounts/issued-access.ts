import type { Revoker } from '@sekisho/sessions';
import type { SessionEndings } from '../sessions/session-endings.ts';
import type { IssuedAccess } from './revocation-outbox.ts';

export interface IssuedAccessOptions {
  readonly endings: Pick<SessionEndings, 'all' | 'lockOut'>;
  readonly revoker: Pick<Revoker, 'revoke'>;
}

/** What was issued to a user, in Redis. */
export function createIssuedAccess({ endings, revoker }: IssuedAccessOptions): IssuedAccess {
  return {
    revokeTokens: (userId) => revoker.revoke({ kind: 'user', id: userId }),
    async endSessions(userId, keptSession) {
      if (keptSession === undefined) await endings.lockOut(userId, 'account_changed');
      else await endings.all(userId, 'account_changed', { except: keptSession });
    },
  };
}
