import { PublicJwk, ServiceName } from '@sekisho/tokens';
import { Type } from 'typebox';
import { Email } from '../accounts/schemas.ts';

const strict = { additionalProperties: false } as const;

const DeviceProperty = Type.Optional(Type.String({ maxLength: 512 }));

const DeviceBody = Type.Optional(
  Type.Object({ userAgent: DeviceProperty, platform: DeviceProperty, language: DeviceProperty }, strict),
);

export const LoginBody = Type.Object(
  {
    email: Email,
    password: Type.String({ minLength: 1, maxLength: 1024 }),
    /** Without it, all that are granted but `auth`. */
    services: Type.Optional(Type.Array(ServiceName, { minItems: 1, maxItems: 64, uniqueItems: true })),
    device: DeviceBody,
  },
  strict,
);

export const RefreshBody = Type.Object(
  {
    refresh_token: Type.String({ minLength: 1, maxLength: 512 }),
    /** Of those that the log-in asked for; without it, all of them. */
    services: Type.Optional(Type.Array(ServiceName, { minItems: 1, maxItems: 64, uniqueItems: true })),
    /** As at log-in. */
    device: DeviceBody,
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

export const JwksAnswer = Type.Object({ keys: Type.Array(PublicJwk) });
