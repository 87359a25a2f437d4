import type { Session, SessionStore } from '@sekisho/sessions';
import { type AccessClaims, intersect, keyIdOf, TokenError, type UserClaims, type Verify } from '@sekisho/tokens';
import { type Account, type AccountStore, activeGrants, type Grant } from '../accounts/account.ts';
import { ExchangeError } from './errors.ts';
import type { DelegatedGrant } from './workload.ts';

export interface SubjectDependencies {
  /** Verifies tokens of this issuer, whoever signs for it, for any audience; refuses revoked ones. */
  readonly verify: Verify;
  readonly sessions: Pick<SessionStore, 'get'>;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly clock: () => Date;
}

/** A user in whose name somebody may act, as of now. */
export interface Subject {
  readonly claims: AccessClaims & { readonly user: UserClaims };
  readonly session: Session;
  readonly account: Account;
}

/**
 * Whom a token speaks for. Only the service that a token is meant for may act by it: whoever else shows it stole it.
 * @throws ExchangeError `invalid_request`, AuthError `unavailable`, SessionError `redis_unavailable`, `session_untold`
 */
export async function findSubject(
  dependencies: SubjectDependencies,
  token: string,
  actorService: string | undefined,
): Promise<Subject> {
  const claims = await verified(dependencies, token);
  if (actorService === undefined || !claims.aud.includes(actorService)) {
    throw refusal('the subject_token is meant for another service than the one this workload is registered for');
  }
  const { user, session: { id: sessionId } = {} } = claims;
  if (user === undefined || sessionId === undefined || user.id !== claims.sub) {
    throw refusal('the subject_token speaks for no logged-in user');
  }
  const [session, account] = await Promise.all([
    dependencies.sessions.get(user.id, sessionId, { kid: keyIdOf(token), iat: claims.iat }),
    dependencies.accounts.find(user.id),
  ]);
  if (session === undefined || account?.active !== true) throw refusal('the session of the subject_token is over');
  return { claims: { ...claims, user }, session, account };
}

async function verified({ verify }: SubjectDependencies, token: string): Promise<AccessClaims> {
  try {
    return await verify(token);
  } catch (cause) {
    if (!(cause instanceof TokenError)) throw cause;
    throw refusal('the subject_token is no valid access token of this issuer', cause);
  }
}

/** What a user may do at a service now. */
export function presentGrant({ account }: Subject, service: string, now: Date): Grant | undefined {
  return activeGrants(account.grants, now).find((grant) => grant.service === service);
}

/**
 * The subject's claims with what the user still has, of what the actor may carry further. Roles and platform-wide
 * permissions open doors at any service, so none go along that the actor was not granted.
 */
export function carried({ claims, account }: Subject, { permissions, roles }: DelegatedGrant): AccessClaims {
  const { user } = claims;
  const keptRoles = intersect(intersect(user.roles, account.roles), roles);
  const keptPermissions = intersect(intersect(user.permissions, account.permissions), permissions);
  return {
    ...claims,
    user: { ...user, roles: keptRoles, roleList: keptRoles.join(','), permissions: keptPermissions },
  };
}

function refusal(message: string, cause?: unknown): ExchangeError {
  return new ExchangeError('invalid_request', message, { cause });
}
