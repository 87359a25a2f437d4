import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { CliError } from '../errors.ts';

/** What the service answers, as far as the command reads it; fields that it does not know stay. */
const Text = Type.String();
const Texts = Type.Array(Text);
const Moment = Type.String();

export const Grant = Type.Object({ service: Text, permissions: Texts, expires: Type.Optional(Type.Integer()) });
export type Grant = Static<typeof Grant>;

export const User = Type.Object({
  id: Text,
  email: Text,
  active: Type.Boolean(),
  roles: Texts,
  permissions: Texts,
  grants: Type.Array(Grant),
  version: Type.Integer(),
});
export type User = Static<typeof User>;
export const Users = Type.Object({ items: Type.Array(User), next: Type.Optional(Text) });

export const AuditEntry = Type.Object({
  id: Text,
  at: Moment,
  actor: Type.Object({ subject: Text }),
  action: Text,
  target: Text,
  changes: Type.Record(Text, Type.Object({ old: Type.Optional(Type.Unknown()), new: Type.Optional(Type.Unknown()) })),
});
export type AuditEntry = Static<typeof AuditEntry>;
export const AuditEntries = Type.Object({ items: Type.Array(AuditEntry), next: Type.Optional(Text) });

export const Session = Type.Object({
  id: Text,
  device: Type.Object({ userAgent: Type.Optional(Text), platform: Type.Optional(Text) }),
  ip: Type.Optional(Text),
  createdAt: Moment,
  lastAccessedAt: Moment,
  expiresAt: Moment,
});
export type Session = Static<typeof Session>;
export const Sessions = Type.Object({ sessions: Type.Array(Session) });

export const Revoked = Type.Object({ revoked: Text });

export const Key = Type.Object({
  kid: Text,
  signer: Text,
  region: Type.Optional(Text),
  alg: Text,
  state: Text,
  waitsFor: Type.Optional(Texts),
  createdAt: Moment,
});
export type Key = Static<typeof Key>;
export const Keys = Type.Object({ keys: Type.Array(Key) });

export const Region = Type.Object({
  name: Text,
  state: Type.Optional(Text),
  behindSeconds: Type.Optional(Type.Number()),
});
export type Region = Static<typeof Region>;
export const Regions = Type.Object({ region: Type.Optional(Text), regions: Type.Array(Region) });

export const Client = Type.Object({
  id: Text,
  name: Text,
  authMethod: Text,
  grantTypes: Texts,
  redirectUris: Texts,
  backchannelLogoutUri: Type.Optional(Text),
  grants: Type.Array(Grant),
  version: Type.Integer(),
  secret: Type.Optional(Text),
});
export type Client = Static<typeof Client>;
export const Clients = Type.Object({ clients: Type.Array(Client), next: Type.Optional(Text) });
export const ClientSecret = Type.Object({ secret: Text });

export const LoggedIn = Type.Object({
  access_token: Text,
  /** Seconds. */
  expires_in: Type.Integer(),
  refresh_token: Type.Optional(Text),
});
export type LoggedIn = Static<typeof LoggedIn>;

/** @throws CliError `answer_invalid` naming the field that does not fit */
export function read<S extends TSchema>(schema: S, body: unknown): Static<S> {
  if (Value.Check(schema, body)) return body as Static<S>;
  const error = Value.Errors(schema, body)[0];
  throw new CliError(
    'answer_invalid',
    `the server answered something else than expected: ${error?.instancePath || '/'} ${error?.message}`,
    {
      wayOut:
        'Check that --server is the address of the administration, and that the command and the service have the same version.',
    },
  );
}
