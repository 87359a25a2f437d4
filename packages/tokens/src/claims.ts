import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { TokenError } from './errors.ts';

/**
 * Envoy copies string claims into headers and answers 503 `invalid header value` to every request of a token whose
 * claim holds CR, LF or NUL; a lone surrogate is not UTF-8 at all. So no string may hold a control or a surrogate.
 */
export const TEXT_CHARACTER = String.raw`[^\p{Cc}\p{Cs}]`;
export const TEXT_PATTERN = `^${TEXT_CHARACTER}*$`;
/** Roles travel joined by commas in `user.roleList`. */
const ROLE = String.raw`^[^\p{Cc}\p{Cs}\s,]+$`;
const PERMISSION = String.raw`^[^\p{Cc}\p{Cs}\s,]+$`;
const SERVICE = '^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$';

const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: TEXT_PATTERN });
/** A user's id, or a workload: `system:serviceaccount:`, a namespace of up to 63 and a name of up to 253 characters. */
const Principal = Text(384);
const EpochSeconds = Type.Integer({ minimum: 0, maximum: 253_402_300_799 });

export const ServiceName = Type.String({ maxLength: 63, pattern: SERVICE });
export const RoleName = Type.String({ maxLength: 64, pattern: ROLE });
export const PermissionName = Type.String({ maxLength: 128, pattern: PERMISSION });
export const RoleNames = Type.Array(RoleName, { maxItems: 64 });
export const PermissionNames = Type.Array(PermissionName, { maxItems: 128 });

export const UserClaims = Type.Object({
  id: Text(128),
  email: Type.Optional(Text(254)),
  roles: RoleNames,
  /** `roles` joined by commas: Envoy copies a string claim as text, an array as base64 of JSON. */
  roleList: Type.String({ maxLength: 64 * 65, pattern: TEXT_PATTERN }),
  permissions: PermissionNames,
});

export const ServiceGrant = Type.Object({
  permissions: PermissionNames,
  /** Epoch seconds; from then on the grant counts for nothing. */
  expires: Type.Optional(EpochSeconds),
});

export const SessionClaims = Type.Object({
  id: Text(128),
  /** Hash of the device's stable properties. */
  device: Type.Optional(Text(128)),
  ip: Type.Optional(Text(45)),
});

/** RFC 8693 section 4.1 sets no bound; a longer chain of calls is a loop, or an attack on those who read it. */
export const MAX_ACTORS = 4;

/** Who acts for the subject, with the earlier actors nested inside (RFC 8693 section 4.1). */
export interface Actor {
  readonly sub: string;
  readonly act?: Actor;
}

function actors(count: number): TSchema {
  const earlier = count > 1 && { act: Type.Optional(actors(count - 1)) };
  return Type.Object({ sub: Principal, ...earlier }, { additionalProperties: false });
}

export const AccessClaims = Type.Object({
  iss: Text(512),
  sub: Principal,
  aud: Type.Array(ServiceName, { minItems: 1, maxItems: 64 }),
  iat: EpochSeconds,
  nbf: EpochSeconds,
  exp: EpochSeconds,
  jti: Text(64),
  /** On a derived token the `jti` of the one it began with: who revokes that one means this one too. */
  origin_jti: Type.Optional(Text(64)),
  /** On everything that is minted; optional, because the narrow tokens of earlier releases for users of other issuers have none. */
  client_id: Type.Optional(Principal),
  /** RFC 9068 section 2.2.3, of OpenID Connect alone: what counts at the issuer itself. Permissions are in `services`. */
  scope: Type.Optional(Text(128)),
  /** Absent on a service token, which a workload gets for itself. */
  user: Type.Optional(UserClaims),
  services: Type.Record(ServiceName, ServiceGrant, { additionalProperties: false, maxProperties: 64 }),
  session: Type.Optional(SessionClaims),
  /** Only on exchanged tokens. */
  act: Type.Optional(Type.Unsafe<Actor>(actors(MAX_ACTORS))),
});

export type UserClaims = Static<typeof UserClaims>;
export type ServiceGrant = Static<typeof ServiceGrant>;
export type SessionClaims = Static<typeof SessionClaims>;
export type AccessClaims = Static<typeof AccessClaims>;

const validator = Compile(AccessClaims);

/** @throws TokenError `claims_invalid` naming the first claim that does not fit, never its value */
export function assertAccessClaims(claims: unknown): asserts claims is AccessClaims {
  if (validator.Check(claims)) return;
  const first = validator.Errors(claims)[0];
  throw new TokenError('claims_invalid', `claim ${first?.instancePath ?? '/'} ${first?.message ?? 'is not valid'}`);
}

/**
 * What the token allows at one service; empty for a service that it does not name or whose grant is over.
 * @param now epoch seconds
 */
export function permissionsAt(claims: AccessClaims, service: string, now: number): readonly string[] {
  // A service may be called `constructor`: only the token's own entries count.
  const grant = Object.hasOwn(claims.services, service) ? claims.services[service] : undefined;
  if (grant === undefined || (grant.expires !== undefined && grant.expires <= now)) return [];
  return grant.permissions;
}
