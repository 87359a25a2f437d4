import { SignJWT } from 'jose';
import {
  type AccessClaims,
  assertAccessClaims,
  type ServiceGrant,
  type SessionClaims,
  type UserClaims,
} from './claims.ts';
import { TokenError } from './errors.ts';
import type { SigningKey } from './keys.ts';

/**
 * A service gets a token up to three times over, as `authorization`, `x-jwt-payload` and the user's part of it in
 * `x-user-info`: at 4 KiB these still fit the 16 KiB that Node reads as headers by default.
 */
export const MAX_TOKEN_LENGTH = 4096;

export interface MinterOptions {
  /** `iss` of every token. */
  readonly issuer: string;
  /** The key to sign with, asked for each token because keys rotate. */
  readonly key: () => SigningKey;
  readonly clock: () => Date;
  /** Makes `jti`. */
  readonly uuid: () => string;
}

export interface AccessGrant {
  readonly subject: string;
  readonly clientId?: string;
  readonly audience: readonly string[];
  /** `roleList` is written here, from `roles`. */
  readonly user?: Omit<UserClaims, 'roleList'>;
  readonly services: Readonly<Record<string, ServiceGrant>>;
  readonly session?: SessionClaims;
  readonly act?: AccessClaims['act'];
  readonly lifetimeSeconds: number;
}

export interface Minted {
  /** Compact JWS: `typ: at+jwt` (RFC 9068), with `kid` and the key's own `alg`. */
  readonly token: string;
  readonly claims: AccessClaims;
}

export type Mint = (grant: AccessGrant) => Promise<Minted>;

/** @throws TokenError (from the returned function) `claims_invalid`, or `claims_too_large` above MAX_TOKEN_LENGTH */
export function createMinter(options: MinterOptions): Mint {
  return async (grant) => {
    const claims = toClaims(grant, options);
    assertAccessClaims(claims);
    const { kid, privateKey, publicJwk } = options.key();
    const header = { alg: publicJwk.alg, typ: 'at+jwt', kid };
    const token = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
    if (token.length > MAX_TOKEN_LENGTH) {
      throw new TokenError('claims_too_large', `the token would be longer than ${MAX_TOKEN_LENGTH} characters`);
    }
    return { token, claims };
  };
}

function toClaims(grant: AccessGrant, { issuer, clock, uuid }: MinterOptions): AccessClaims {
  const now = Math.floor(clock().getTime() / 1000);
  return {
    iss: issuer,
    sub: grant.subject,
    aud: [...grant.audience],
    iat: now,
    nbf: now,
    exp: now + grant.lifetimeSeconds,
    jti: uuid(),
    ...(grant.clientId !== undefined && { client_id: grant.clientId }),
    ...(grant.user !== undefined && { user: { ...grant.user, roleList: grant.user.roles.join(',') } }),
    services: { ...grant.services },
    ...(grant.session !== undefined && { session: grant.session }),
    ...(grant.act !== undefined && { act: grant.act }),
  };
}
