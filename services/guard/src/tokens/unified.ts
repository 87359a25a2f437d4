import { hash } from 'node:crypto';
import { claimValues } from '@sekisho/policy';
import { type AccessClaims, assertAccessClaims, PermissionName, RoleName, TokenError } from '@sekisho/tokens';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { type ExternalClaims, externalClient, externalSubject, type Wanted } from './external.ts';

/** Bounds of the platform's claims. */
const MAX_ROLES = 64;
const MAX_PERMISSIONS = 128;

interface Origin extends Wanted {
  readonly token: string;
  /** Name of the TokenIssuer. */
  readonly issuer: string;
}

/**
 * What another issuer's token says, in the platform's shape (architecture of claims: `user`, `services`), read by the paths of
 * its TokenIssuer. Roles and permissions that have not the shape of ours are left out, which only ever takes rights away.
 * @throws TokenError `claims_invalid` for a subject that no token of ours may hold, `token_invalid` when the policy does not name the issuer
 */
export function unified(claims: ExternalClaims, { token, issuer, service, decision }: Origin): AccessClaims {
  const paths = decision.issuers.get(claims.iss);
  if (paths === undefined) throw new TokenError('token_invalid', 'the token is of no issuer that the policy names');
  const { iss, exp, nbf = 0, email, iat = nbf } = claims;
  const sub = externalSubject(issuer, claims.sub);
  const roles = claimValues(claims, paths.roles).filter(fits(RoleName)).slice(0, MAX_ROLES);
  const permissions = claimValues(claims, paths.permissions).filter(fits(PermissionName)).slice(0, MAX_PERMISSIONS);
  const user = {
    id: sub,
    roles: [...roles],
    roleList: roles.join(','),
    permissions: [],
    ...(typeof email === 'string' && { email }),
  };
  const own: unknown = {
    ...{ iss, sub, aud: [service], exp: Math.floor(exp), nbf: Math.floor(nbf), iat: Math.floor(iat), user },
    jti: claims.jti ?? hash('sha256', token, 'base64url'),
    client_id: externalClient(issuer, claims),
    services: { [service]: { permissions: [...permissions] } },
  };
  assertAccessClaims(own);
  return own;
}

const compiled = new Map<TSchema, (value: string) => boolean>();

function fits(schema: TSchema): (value: string) => boolean {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const check = Compile(schema);
  const fit = (value: string) => check.Check(value);
  compiled.set(schema, fit);
  return fit;
}
