import Type, { type Static } from 'typebox';
import { LIMIT } from '../vocabulary.ts';
import { claimPath, claimValue } from './claim.ts';
import { list, object, text } from './dsl.ts';

// The members of a key are checked by parseJwks, which also knows the ones that must never be here.
const jwks = object(
  {
    keys: list(
      Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }),
      LIMIT.keys,
    ),
  },
  { description: 'Public keys, inline (RFC 7517).' },
);

const requiredClaim = object({
  path: claimPath('Names from the outermost claim inwards, such as [client_id]; {service} as above.'),
  anyOf: Type.Optional(
    list(claimValue, LIMIT.values, {
      description: 'Values of which the claim (text or list of texts) holds one. Omitted: any text that is not empty.',
    }),
  ),
});

/** The one schema of TokenIssuer's `spec`. */
export const tokenIssuerSpecSchema = object(
  {
    issuer: text(LIMIT.issuer, {
      description: 'The `iss` claim of its tokens, exactly.',
      cel: [
        {
          rule: "!self.startsWith('*') && !self.endsWith('*')",
          message: "must not start or end with '*': the mesh would read it as a wildcard",
        },
      ],
    }),
    jwks: Type.Optional(jwks),
    jwksUri: Type.Optional(
      text(LIMIT.uri, {
        description: 'Where the key set is fetched; https, or http inside the cluster.',
        cel: [
          {
            rule: "self.startsWith('https://') || self.startsWith('http://')",
            message: 'must be an https URL, or an http URL of a name inside the cluster',
          },
        ],
      }),
    ),
    permissions: Type.Optional(claimPath("Claim that lists permissions; {service} stands for the policy's service.")),
    roles: Type.Optional(claimPath('Claim that lists roles; {service} as above.')),
    requiredClaims: Type.Optional(
      list(requiredClaim, LIMIT.claims, {
        description:
          'What tells its access tokens from all else that it signs, such as id tokens. Without all of these a token satisfies no rule that needs one.',
      }),
    ),
    default: Type.Optional(Type.Boolean({ description: 'Used by policies that name no issuer; at most one.' })),
  },
  { cel: [{ rule: 'has(self.jwks) != has(self.jwksUri)', message: 'needs exactly one of jwks and jwksUri' }] },
);

/** `spec` as a person writes it. */
export type TokenIssuerSpec = Static<typeof tokenIssuerSpecSchema>;
export type RequiredClaim = NonNullable<TokenIssuerSpec['requiredClaims']>[number];
