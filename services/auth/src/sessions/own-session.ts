import type { EndedSession, Session, SessionStore } from '@sekisho/sessions';
import { type AccessClaims, bearerToken, keyIdOf } from '@sekisho/tokens';
import type { FastifyRequest } from 'fastify';
import { AuthError } from '../errors.ts';
import type { VerifyHeader } from '../http/counted-verify.ts';
import { OWN_CLIENT } from '../login/access-grant.ts';

export interface OwnSessionOptions {
  /** Accepts tokens that this service signed, for any audience. */
  readonly verify: VerifyHeader;
  readonly sessions: Pick<SessionStore, 'get'>;
  /** Whether a registered client is one of our own applications. */
  readonly isFirstParty: (clientId: string) => Promise<boolean>;
}

/** The live session that a request's token belongs to. */
export type OwnSession = (request: FastifyRequest) => Promise<Session>;

/** The session that a request's token names, and that may be over. */
export type NamedSession = (request: FastifyRequest) => Promise<EndedSession>;

/**
 * Any access token that an application got at log-in will do to end its session. Not only one for this
 * service: that is an administrator's, and everybody must be able to log out. What a token proves here is whose it is.
 * Tokens that were derived from it (at the edge, or for a workload that acts for the user) will not do: a service behind must
 * not see where its users are, nor log them out.
 * @throws TokenError, AuthError `permission_missing`, `unavailable`
 */
export function createNamedSession({ verify }: Pick<OwnSessionOptions, 'verify'>): NamedSession {
  return async ({ headers }) => sessionOf(await verify(headers.authorization));
}

function sessionOf({ sub, session, act, origin_jti: origin, client_id: clientId }: AccessClaims): EndedSession {
  if (session === undefined || act !== undefined || origin !== undefined) {
    throw new AuthError('permission_missing', 'this needs the access token that came with a log-in');
  }
  return { id: session.id, userId: sub, ...(clientId !== undefined && { clientId }) };
}

/**
 * As `createNamedSession`, of a session that lives, and by one of our own applications: who allowed another one to know them, or to use a
 * service, did not allow it to see where else they are logged in, nor to log them out there.
 * @throws AuthError also `session_expired`, SessionError `redis_unavailable`, `session_untold`
 */
export function createOwnSession({ verify, sessions, isFirstParty }: OwnSessionOptions): OwnSession {
  return async ({ headers: { authorization } }) => {
    const claims = await verify(authorization);
    const { userId, id, clientId = '' } = sessionOf(claims);
    const live = await sessions.get(userId, id, { kid: keyIdOf(bearerToken(authorization)), iat: claims.iat });
    if (live === undefined) throw new AuthError('session_expired', 'the session is over: log in again');
    if (clientId !== OWN_CLIENT && !(await isFirstParty(clientId))) {
      throw new AuthError('permission_missing', 'an application of others can end its own session, and nothing else');
    }
    return live;
  };
}
