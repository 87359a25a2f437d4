import { PermissionNames, RoleNames, ServiceGrant, ServiceName } from '@sekisho/tokens';
import { Type } from 'typebox';
import { Email, NewPassword } from '../accounts/schemas.ts';

const strict = { additionalProperties: false } as const;

const DeviceProperty = Type.Optional(Type.String({ maxLength: 512 }));
const Id = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });

export const LoginBody = Type.Object(
  {
    email: Email,
    password: Type.String({ minLength: 1, maxLength: 1024 }),
    /** Without it, all that are granted but `auth`. */
    services: Type.Optional(Type.Array(ServiceName, { minItems: 1, maxItems: 64, uniqueItems: true })),
    device: Type.Optional(
      Type.Object({ userAgent: DeviceProperty, platform: DeviceProperty, language: DeviceProperty }, strict),
    ),
  },
  strict,
);

export const RefreshBody = Type.Object(
  {
    refresh_token: Type.String({ minLength: 1, maxLength: 512 }),
    /** Of those that the log-in asked for; without it, all of them. */
    services: Type.Optional(Type.Array(ServiceName, { minItems: 1, maxItems: 64, uniqueItems: true })),
  },
  strict,
);

export const LoginAnswer = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  /** Seconds. */
  expires_in: Type.Integer(),
  refresh_token: Type.String(),
  session: Type.Object({ id: Type.String(), expiresAt: Type.String({ format: 'date-time' }) }),
});

const jwkBase = { kid: Type.String(), use: Type.Literal('sig') };
const EcJwk = Type.Object({
  kty: Type.Literal('EC'),
  alg: Type.Literal('ES256'),
  crv: Type.Literal('P-256'),
  x: Type.String(),
  y: Type.String(),
  ...jwkBase,
});
const RsaJwk = Type.Object({
  kty: Type.Literal('RSA'),
  alg: Type.Literal('RS256'),
  n: Type.String(),
  e: Type.String(),
  ...jwkBase,
});

export const JwksAnswer = Type.Object({ keys: Type.Array(Type.Union([EcJwk, RsaJwk])) });

const Grant = Type.Object({ service: ServiceName, ...ServiceGrant.properties }, strict);
const Grants = Type.Array(Grant, { maxItems: 64 });

export const UserParams = Type.Object({ id: Id }, strict);

export const NewUserBody = Type.Object(
  {
    email: Email,
    password: NewPassword,
    active: Type.Optional(Type.Boolean()),
    roles: Type.Optional(RoleNames),
    permissions: Type.Optional(PermissionNames),
    grants: Type.Optional(Grants),
  },
  strict,
);

export const GrantsBody = Type.Object({ grants: Grants }, strict);

export const UserAnswer = Type.Object({
  id: Type.String(),
  email: Type.String(),
  active: Type.Boolean(),
  roles: Type.Array(Type.String()),
  permissions: Type.Array(Type.String()),
  grants: Type.Array(Grant),
  version: Type.Integer(),
});
