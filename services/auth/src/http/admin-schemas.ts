import { PermissionNames, RoleName, RoleNames, ServiceGrant, ServiceName } from '@sekisho/tokens';
import { Type } from 'typebox';
import { Email, NewPassword } from '../accounts/schemas.ts';
import { AUDIT_ACTIONS } from '../audit/audit.ts';
import { PageAnswer, PageQuery } from './pages.ts';

const strict = { additionalProperties: false } as const;

const UserId = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' });

const Grant = Type.Object({ service: ServiceName, ...ServiceGrant.properties }, strict);
const Grants = Type.Array(Grant, { maxItems: 64 });

export const UserParams = Type.Object({ id: UserId }, strict);
export const GrantParams = Type.Object({ id: UserId, service: ServiceName }, strict);

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

export const UserPatch = Type.Object(
  {
    email: Type.Optional(Email),
    active: Type.Optional(Type.Boolean()),
    roles: Type.Optional(RoleNames),
    permissions: Type.Optional(PermissionNames),
  },
  { ...strict, minProperties: 1 },
);

export const PasswordBody = Type.Object({ password: NewPassword }, strict);
export const GrantsBody = Type.Object({ grants: Grants }, strict);
export const GrantBody = Type.Object({ ...ServiceGrant.properties }, strict);

export const UserAnswer = Type.Object({
  id: Type.String(),
  email: Type.String(),
  active: Type.Boolean(),
  roles: Type.Array(Type.String()),
  permissions: Type.Array(Type.String()),
  grants: Type.Array(Grant),
  version: Type.Integer(),
});

export const RevokedLater = Type.Object({ detail: Type.String() }, { description: 'Stored; revocation follows' });

export const UserQuery = PageQuery(UserId, {
  email: Type.Optional(Type.String({ minLength: 1, maxLength: 254, description: 'what the address begins with' })),
  active: Type.Optional(Type.Boolean()),
  role: Type.Optional(RoleName),
  service: Type.Optional(ServiceName),
});
export const UsersAnswer = PageAnswer(UserAnswer);

const Time = Type.String({ format: 'date-time' });
const DeviceProperty = Type.Optional(Type.String());

export const SessionsAnswer = Type.Object({
  sessions: Type.Array(
    Type.Object({
      id: Type.String(),
      device: Type.Object({ userAgent: DeviceProperty, platform: DeviceProperty, language: DeviceProperty }),
      ip: Type.Optional(Type.String({ description: 'address at log-in' })),
      createdAt: Time,
      lastAccessedAt: Time,
      expiresAt: Time,
    }),
  ),
});

/** RFC 3339, in UTC. */
const Moment = Type.String({
  pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$`,
  description: 'RFC 3339, in UTC',
});
/** What is revoked by name may be any text. */
const Target = Type.String({
  pattern: String.raw`^[a-z]+:[^\p{Cc}\p{Cs}]{1,384}$`,
  description: 'for example user:<id>',
});

export const AuditQuery = PageQuery(Type.String({ pattern: String.raw`^\d{1,18}$` }), {
  target: Type.Optional(Target),
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'the sub of who did it' })),
  action: Type.Optional(Type.Enum([...AUDIT_ACTIONS])),
  since: Type.Optional(Moment),
  until: Type.Optional(Moment),
});

const FieldChange = Type.Object({ old: Type.Optional(Type.Unknown()), new: Type.Optional(Type.Unknown()) });

export const AuditAnswer = PageAnswer(
  Type.Object({
    id: Type.String(),
    at: Type.String({ format: 'date-time' }),
    actor: Type.Object({
      subject: Type.String(),
      client: Type.Optional(Type.String()),
      session: Type.Optional(Type.String()),
      requestId: Type.String(),
    }),
    action: Type.String(),
    target: Type.String(),
    changes: Type.Record(Type.String(), FieldChange),
  }),
);
