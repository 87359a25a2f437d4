import {
  type AccessClaims,
  assertAccessClaims,
  type ServiceGrant,
  type SessionClaims,
  type UserClaims,
} from './claims.ts';
import { type Content, type Delegation, delegated, narrowed } from './downscope.ts';
import { TokenError } from './errors.ts';
import type { SigningKey } from './keys.ts';
import { expiry, TOKEN_SECONDS } from './lifetime.ts';
import { signCompact } from './sign.ts';

/**
 * A service gets a token up to three times over, as `authorization`, `x-jwt-payload` and the user's part of it in
 * `x-user-info`: at 4 KiB these still fit the 16 KiB that Node reads as headers by default.
 */
export const MAX_TOKEN_LENGTH = 4096;
/** Leaves room for `origin_jti` of a narrow token: whoever got an access token must get through the edge with it. */
export const MAX_ACCESS_TOKEN_LENGTH = MAX_TOKEN_LENGTH - 128;

export interface MinterOptions {
  /** `iss` of every token. */
  readonly issuer: string;
  /** The key to sign with, asked for each token because keys rotate. */
  readonly key: () => SigningKey;
  readonly clock: () => Date;
  /** Makes `jti`. */
  readonly uuid: () => string;
}

/** What an application gets for a user. */
export interface AccessGrant {
  readonly subject: string;
  /** RFC 9068 section 2.2. By this claim services know an access token from an id token (docs/adr/0043). */
  readonly clientId: string;
  readonly audience: readonly string[];
  /** Separated by spaces; it does not go on into what is derived from the token. */
  readonly scope?: string;
  /** `roleList` is written here, from `roles`. */
  readonly user?: Omit<UserClaims, 'roleList'>;
  readonly services: Readonly<Record<string, ServiceGrant>>;
  readonly session?: SessionClaims;
  /** The token ends earlier with the first of its grants: Envoy reads `exp`, and not `services.*.expires`. */
  readonly lifetimeSeconds: number;
}

/** What a workload gets for itself. */
export interface WorkloadGrant {
  /** `system:serviceaccount:<namespace>:<name>`: `sub`, and `client_id` (RFC 9068 section 2.2). */
  readonly workload: string;
  /** The one audience. */
  readonly service: string;
  readonly grant: ServiceGrant;
}

export interface Minted {
  /** Compact JWS: `typ: at+jwt` (RFC 9068), with `kid` and the key's own `alg`. */
  readonly token: string;
  readonly claims: AccessClaims;
}

export type Mint = (grant: AccessGrant) => Promise<Minted>;

/**
 * Every kind of token that the platform signs. What is derived from a token never holds more, lives longer, or is meant
 * for more services. All reject with TokenError `claims_invalid`, or `claims_too_large` above MAX_TOKEN_LENGTH, access
 * tokens above MAX_ACCESS_TOKEN_LENGTH.
 */
export interface Minter {
  readonly access: Mint;
  /** Rejects also with `token_expired`, and `audience_mismatch` when the token grants nothing at the service. */
  narrow(claims: AccessClaims, service: string): Promise<Minted>;
  /** Rejects also with `audience_mismatch` when the grant is over. */
  service(grant: WorkloadGrant): Promise<Minted>;
  /** Rejects also as `narrow` does, and with `chain_too_long`. */
  delegated(subject: AccessClaims, delegation: Delegation): Promise<Minted>;
}

export function createMinter(options: MinterOptions): Minter {
  const mint = (content: (now: number) => Content, maxLength = MAX_TOKEN_LENGTH) => signed(content, options, maxLength);
  return {
    access: async (grant) => mint((now) => accessContent(grant, now), MAX_ACCESS_TOKEN_LENGTH),
    narrow: async (claims, service) => mint((now) => narrowed(claims, service, now)),
    service: async (grant) => mint((now) => serviceContent(grant, now)),
    delegated: async (subject, delegation) => mint((now) => delegated(subject, delegation, now)),
  };
}

async function signed(
  content: (now: number) => Content,
  { issuer, key, clock, uuid }: MinterOptions,
  maxLength: number,
): Promise<Minted> {
  const now = Math.floor(clock().getTime() / 1000);
  const claims: AccessClaims = { iss: issuer, iat: now, nbf: now, jti: uuid(), ...content(now) };
  assertAccessClaims(claims);
  const token = await signCompact(claims, key());
  if (token.length > maxLength) {
    throw new TokenError('claims_too_large', `the token would be longer than ${maxLength} characters`);
  }
  return { token, claims };
}

function accessContent(grant: AccessGrant, now: number): Content {
  const { subject, clientId, audience, scope, user, services, session, lifetimeSeconds } = grant;
  const ends = Object.values(services).map(({ expires }) => expires);
  return {
    sub: subject,
    aud: [...audience],
    exp: expiry(now, lifetimeSeconds, ends),
    client_id: clientId,
    ...(scope !== undefined && { scope }),
    ...(user !== undefined && { user: { ...user, roleList: user.roles.join(',') } }),
    services: { ...services },
    ...(session !== undefined && { session }),
  };
}

function serviceContent({ workload, service, grant }: WorkloadGrant, now: number): Content {
  if (grant.expires !== undefined && grant.expires <= now) {
    throw new TokenError('audience_mismatch', 'the workload is granted nothing at this service any more');
  }
  return {
    sub: workload,
    client_id: workload,
    aud: [service],
    exp: expiry(now, TOKEN_SECONDS.service, [grant.expires]),
    services: { [service]: grant },
  };
}
