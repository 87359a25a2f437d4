import type { Session, SessionStore } from '@sekisho/sessions';
import type { FastifyRequest } from 'fastify';
import { AuthError } from '../errors.ts';
import type { VerifyHeader } from '../http/counted-verify.ts';

export interface OwnSessionOptions {
  /** Accepts tokens that this service signed, for any audience. */
  readonly verify: VerifyHeader;
  readonly sessions: Pick<SessionStore, 'get'>;
}

/** The live session that a request's token belongs to. */
export type OwnSession = (request: FastifyRequest) => Promise<Session>;

/**
 * Any access token that an application got at log-in will do for its own user's sessions. Not only one for this
 * service: that is an administrator's, and everybody must be able to log out. What a token proves here is whose it is,
 * and its session must be alive. Tokens that were derived from it (at the edge, or for a workload that acts for the
 * user) will not do: a service behind must not see where its users are, nor log them out.
 * @throws TokenError, AuthError `permission_missing`, `session_expired`, `unavailable`, SessionError `redis_unavailable`
 */
export function createOwnSession({ verify, sessions }: OwnSessionOptions): OwnSession {
  return async ({ headers }) => {
    const { sub, session, act, origin_jti: origin } = await verify(headers.authorization);
    if (session === undefined || act !== undefined || origin !== undefined) {
      throw new AuthError('permission_missing', 'this needs the access token that came with a log-in');
    }
    const live = await sessions.get(sub, session.id);
    if (live === undefined) throw new AuthError('session_expired', 'the session is over: log in again');
    return live;
  };
}
