import type { Session, SessionStore } from '@sekisho/sessions';
import type { AccountStore } from '../accounts/account.ts';
import { known } from '../accounts/administration.ts';
import { SessionsAnswer, UserParams } from './admin-schemas.ts';
import type { Authorize } from './authorize.ts';
import { operation } from './operation.ts';
import type { HttpServer } from './server.ts';

export interface UserSessionRoutesOptions {
  readonly accounts: AccountStore;
  readonly sessions: Pick<SessionStore, 'list'>;
  readonly authorize: Authorize;
}

/** Where a user is logged in, for administrators; ending it is a revocation. */
export function userSessionRoutes(app: HttpServer, { accounts, sessions, authorize }: UserSessionRoutesOptions): void {
  const schema = operation(
    {
      id: 'listUserSessions',
      tag: 'sessions',
      summary: 'List the sessions of a user',
      description: 'The latest used first. To end one, or all, revoke it.',
      needs: 'users:read',
      problems: ['user_unknown'],
    },
    { params: UserParams, response: { 200: SessionsAnswer } },
  );
  app.get('/v1/users/:id/sessions', { schema, onRequest: authorize('users:read') }, async (request) => {
    const { id } = known(await accounts.find(request.params.id));
    return { sessions: (await sessions.list(id)).map(toAnswer) };
  });
}

function toAnswer({ id, device, ip, ...times }: Session) {
  return {
    id,
    device: { ...device },
    ...(ip !== undefined && { ip }),
    createdAt: new Date(times.createdAt).toISOString(),
    lastAccessedAt: new Date(times.lastAccessedAt).toISOString(),
    expiresAt: new Date(times.expiresAt).toISOString(),
  };
}
