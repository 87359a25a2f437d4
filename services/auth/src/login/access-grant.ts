import type { AccessGrant, SessionClaims } from '@sekisho/tokens';
import { type Account, AUDIENCE, type Grant } from '../accounts/account.ts';

/** `client_id` of what the log-in of this service itself brings. */
export const OWN_CLIENT = 'web';

export interface TokenContent {
  readonly account: Omit<Account, 'active' | 'version'>;
  /** Those of the account's that the token is for. */
  readonly grants: readonly Grant[];
  readonly session: SessionClaims;
  readonly lifetimeSeconds: number;
}

/** What a log-in has minted. */
export function accessGrant({ account, grants, session, lifetimeSeconds }: TokenContent): AccessGrant {
  const { id, email, roles, permissions } = account;
  return {
    subject: id,
    clientId: OWN_CLIENT,
    audience: grants.map((grant) => grant.service),
    user: { id, email, roles: [...roles], permissions: [...permissions] },
    services: Object.fromEntries(grants.map(({ service, ...grant }) => [service, toClaim(grant)])),
    session,
    lifetimeSeconds,
  };
}

/** Least privilege: the token that an administrator sends to other services must not administrate. */
export function everydayGrants(granted: readonly Grant[]): readonly Grant[] {
  return granted.filter(({ service }) => service !== AUDIENCE);
}

function toClaim({ permissions, expires }: Omit<Grant, 'service'>) {
  return { permissions: [...permissions], ...(expires !== undefined && { expires }) };
}
