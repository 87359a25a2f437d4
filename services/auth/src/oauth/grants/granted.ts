import type { AccessGrant } from '@sekisho/tokens';
import { type Account, AUDIENCE, activeGrants, type Grant } from '../../accounts/account.ts';
import { everydayGrants } from '../../login/access-grant.ts';
import type { OAuthClient } from '../clients/client.ts';

/** What an application asks for. */
export interface Asked {
  /** Names of services; empty for all but the administrators' API, which has to be asked for by name. */
  readonly services: readonly string[];
  /** Scopes beside those of OpenID Connect: names of permissions to narrow the token to; undefined for all. */
  readonly permissions: readonly string[] | undefined;
}

export type Granted =
  | { readonly ok: true; readonly grants: readonly Grant[] }
  | { readonly ok: false; readonly missing: string };

/** What a user lets a client do: the user's grants, and for a client of others at most the client's own. */
export function grantedToUser(account: Account, client: OAuthClient, asked: Asked, now: Date): Granted {
  const own = activeGrants(account.grants, now);
  return choose(client.firstParty ? own : intersect(own, activeGrants(client.grants, now)), asked);
}

/** What a client may do for itself. */
export function grantedToClient(client: OAuthClient, asked: Asked, now: Date): Granted {
  return choose(activeGrants(client.grants, now), asked);
}

function choose(grants: readonly Grant[], { services, permissions }: Asked): Granted {
  const missing = services.find((name) => !grants.some(({ service }) => service === name));
  if (missing !== undefined) return { ok: false, missing };
  const chosen = services.length === 0 ? everydayGrants(grants) : grants.filter((g) => services.includes(g.service));
  return { ok: true, grants: permissions === undefined ? chosen : chosen.map((grant) => narrow(grant, permissions)) };
}

function intersect(own: readonly Grant[], others: readonly Grant[]): readonly Grant[] {
  return own.flatMap((grant) => {
    const other = others.find(({ service }) => service === grant.service);
    if (other === undefined) return [];
    const ends = [grant.expires, other.expires].filter((end) => end !== undefined);
    return [{ ...narrow(grant, other.permissions), ...(ends.length > 0 && { expires: Math.min(...ends) }) }];
  });
}

function narrow(grant: Grant, permissions: readonly string[]): Grant {
  return { ...grant, permissions: grant.permissions.filter((permission) => permissions.includes(permission)) };
}

/** Whoever only wants to know who somebody is gets a token for this service alone, without any permission. */
export function audienceOf(grants: readonly Grant[]): readonly string[] {
  return grants.length === 0 ? [AUDIENCE] : grants.map(({ service }) => service);
}

export function serviceClaims(grants: readonly Grant[]): AccessGrant['services'] {
  return Object.fromEntries(
    grants.map(({ service, permissions, expires }) => [
      service,
      { permissions: [...permissions], ...(expires !== undefined && { expires }) },
    ]),
  );
}

/** Nobody consented to what roles and platform-wide permissions mean somewhere: clients of others do not get them. */
export function userClaims(
  { id, email, roles, permissions }: Account,
  client: OAuthClient,
  scopes: ReadonlySet<string>,
) {
  if (client.firstParty) return { id, email, roles: [...roles], permissions: [...permissions] };
  return { id, ...(scopes.has('email') && { email }), roles: [], permissions: [] };
}
