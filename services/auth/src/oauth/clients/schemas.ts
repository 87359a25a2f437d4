import { ServiceGrant, ServiceName } from '@sekisho/tokens';
import { type Static, Type } from 'typebox';
import { AUTH_METHODS, GRANT_TYPES } from './client.ts';

const strict = { additionalProperties: false } as const;

/** Not the form of a user's id: `sub` is either, and must not be taken for the other (RFC 9700 section 4.15). */
const ClientId = Type.String({
  pattern: '^(?![0-9a-f]{8}-[0-9a-f]{4}-)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$',
  description: 'small letters, digits and hyphens, at most 63, not a UUID',
});

const Uri = Type.String({ maxLength: 1024, pattern: '^https?://[!-~]+$' });
const Uris = Type.Array(Uri, { maxItems: 32, uniqueItems: true });
const Base64Url = Type.String({ maxLength: 1024, pattern: '^[A-Za-z0-9_-]+$' });
const Grant = Type.Object({ service: ServiceName, ...ServiceGrant.properties }, strict);

/** Public keys only: what a private key has beside them is refused like any other unknown field. */
const Key = Type.Object(
  {
    kty: Type.Union([Type.Literal('EC'), Type.Literal('RSA'), Type.Literal('OKP')]),
    kid: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    alg: Type.Optional(Type.String({ pattern: '^(ES256|ES384|PS256|RS256|EdDSA|Ed25519)$' })),
    use: Type.Optional(Type.Literal('sig')),
    crv: Type.Optional(Type.String({ pattern: '^(P-256|P-384|Ed25519)$' })),
    x: Type.Optional(Base64Url),
    y: Type.Optional(Base64Url),
    n: Type.Optional(Base64Url),
    e: Type.Optional(Base64Url),
  },
  strict,
);

const fields = {
  name: Type.String({ minLength: 1, maxLength: 100, pattern: String.raw`^[^\p{Cc}\p{Cs}\p{Cf}]+$` }),
  firstParty: Type.Boolean(),
  authMethod: Type.Enum([...AUTH_METHODS]),
  grantTypes: Type.Array(Type.Enum([...GRANT_TYPES]), { minItems: 1, uniqueItems: true }),
  redirectUris: Uris,
  postLogoutRedirectUris: Uris,
  backchannelLogoutUri: Type.Optional(Uri),
  keys: Type.Optional(Type.Array(Key, { minItems: 1, maxItems: 8 })),
  grants: Type.Array(Grant, { maxItems: 64 }),
};

export const NewClientBody = Type.Object(
  {
    id: Type.Optional(ClientId),
    ...fields,
    firstParty: Type.Optional(fields.firstParty),
    redirectUris: Type.Optional(fields.redirectUris),
    postLogoutRedirectUris: Type.Optional(fields.postLogoutRedirectUris),
    grants: Type.Optional(fields.grants),
  },
  strict,
);
export type NewClientBody = Static<typeof NewClientBody>;

/** The whole client; `version` is the one that it was read with. */
export const ReplaceClientBody = Type.Object({ ...fields, version: Type.Integer({ minimum: 1 }) }, strict);
export const ClientParams = Type.Object({ id: ClientId }, strict);
export const SecretBody = Type.Object(
  {
    /** Seconds that the present secrets stay valid. */
    overlapSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * 86_400 })),
  },
  strict,
);
export const ListQuery = Type.Object(
  {
    after: Type.Optional(ClientId),
    limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,2}$' })),
  },
  strict,
);

export const ClientAnswer = Type.Object({
  id: Type.String(),
  ...fields,
  version: Type.Integer(),
  /** Told once, when it is made. */
  secret: Type.Optional(Type.String()),
});
export const ClientsAnswer = Type.Object({ clients: Type.Array(ClientAnswer), next: Type.Optional(Type.String()) });
export const SecretAnswer = Type.Object({ secret: Type.String() });
