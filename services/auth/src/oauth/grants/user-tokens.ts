import type { Device, Session } from '@sekisho/sessions';
import { TokenError } from '@sekisho/tokens';
import { errors } from 'oidc-provider';
import type { Account } from '../../accounts/account.ts';
import type { OAuthClient } from '../clients/client.ts';
import { type GrantDependencies, notGranted, OIDC_SCOPES } from './context.ts';
import { type Asked, audienceOf, grantedToUser, serviceClaims, userClaims } from './granted.ts';

export interface UserGrant {
  readonly account: Account;
  readonly client: OAuthClient;
  readonly scopes: ReadonlySet<string>;
  readonly asked: Asked;
}

export interface IssuedToken {
  readonly token: string;
  /** Seconds; less than usual when one of its grants ends earlier. */
  readonly expiresIn: number;
}

/** Where a person logged in. */
export interface Origin {
  readonly device: Device;
  readonly ip: string;
  readonly browser?: string;
}

/**
 * The access token of a user for a client, of the shape that all of ours have.
 * @throws invalid_target for a service that is not granted, or for more services than a token can hold
 */
export async function mintForUser(
  { mint, clock, metrics, tokenLifetime }: GrantDependencies,
  { account, client, scopes, asked }: UserGrant,
  session: Session,
): Promise<IssuedToken> {
  const granted = grantedToUser(account, client, asked, clock());
  if (!granted.ok) throw notGranted(granted.missing);
  const scope = scopeClaim(scopes);
  const { token, claims } = await mint({
    subject: account.id,
    clientId: client.id,
    audience: audienceOf(granted.grants),
    ...(scope !== undefined && { scope }),
    user: userClaims(account, client, scopes),
    services: serviceClaims(granted.grants),
    session: { id: session.id, device: session.fingerprint, ...(session.ip !== undefined && { ip: session.ip }) },
    lifetimeSeconds: tokenLifetime,
  }).catch(refuseTooLarge);
  metrics.tokensIssued.inc({ kind: 'access' });
  return { token, expiresIn: claims.exp - claims.iat };
}

/** Of what was granted, what counts at this service itself; undefined when nothing does. */
function scopeClaim(scopes: ReadonlySet<string>): string | undefined {
  const own = [...scopes].filter((scope) => OIDC_SCOPES.has(scope));
  return own.length === 0 ? undefined : own.join(' ');
}

export function refuseTooLarge(error: unknown): never {
  if (error instanceof TokenError && error.code === 'claims_too_large') {
    throw new errors.InvalidTarget('the token would be too long: ask for fewer services');
  }
  throw error;
}
