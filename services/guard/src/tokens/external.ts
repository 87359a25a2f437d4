import type { DecisionPolicy, Jwks } from '@sekisho/policy';
import { CLOCK_SKEW_SECONDS, TEXT_PATTERN, TokenError } from '@sekisho/tokens';
import { createLocalJWKSet, errors, type JWTHeaderParameters, jwtVerify } from 'jose';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** Of asymmetric keys only (RFC 7518, RFC 8037): with a public key as its secret, HMAC would verify anything. */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
];
/** RFC 8725 section 3.10: a key or its address that the token brings itself is never followed. */
const KEY_HEADERS = ['jwk', 'jku', 'x5c', 'x5u'] as const;
const MAX_LENGTH = 16_384;

/** What must be in any issuer's token. Envoy would take one without `exp` for ever; here it is refused. */
const Claims = Type.Object({
  iss: Type.String(),
  sub: Type.String({ minLength: 1, maxLength: 255 }),
  exp: Type.Number(),
  nbf: Type.Optional(Type.Number()),
  iat: Type.Optional(Type.Number()),
  jti: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
});
export type ExternalClaims = Static<typeof Claims> & Readonly<Record<string, unknown>>;

const shape = Compile(Claims);

/** What a narrow token is for: a service, by the claim paths that its policy reads issuers with. */
export interface Wanted {
  readonly service: string;
  readonly decision: Pick<DecisionPolicy, 'issuers'>;
}

/** A user of another issuer is nobody of ours, whatever its `sub` says: ids of the platform hold no `|`. */
export function externalSubject(issuer: string, sub: string): string {
  return `${issuer}|${sub}`;
}

/**
 * The client that a token of another issuer was made for, as `client_id` of ours: nobody's of the platform either. After the `|` is what the
 * issuer calls it (`client_id`, or OpenID Connect's `azp`), and nothing where it says nothing that a token of ours may hold.
 */
export function externalClient(issuer: string, { client_id, azp }: Readonly<Record<string, unknown>>): string {
  const name = [client_id, azp].find((one) => typeof one === 'string');
  const fits = name !== undefined && name.length <= MAX_CLIENT_LENGTH && TEXT.test(name);
  return `${issuer}|${fits ? name : ''}`;
}

const MAX_CLIENT_LENGTH = 128;
const TEXT = new RegExp(TEXT_PATTERN, 'u');

interface ExternalVerifierOptions {
  readonly issuer: string;
  readonly jwks: Jwks;
  readonly clock: () => Date;
}

/**
 * Verifies tokens of an identity provider outside the platform: whatever shape they have, signature and times hold.
 * @throws TokenError (from the returned function) `token_malformed`, `token_expired`, `token_invalid`
 */
export function createExternalVerifier({ issuer, jwks, clock }: ExternalVerifierOptions) {
  const keySet = createLocalJWKSet({ keys: jwks.keys.map((key) => ({ ...key })) });
  return async (token: string): Promise<ExternalClaims> => {
    if (token.length > MAX_LENGTH) throw new TokenError('token_malformed', 'the token is too long');
    try {
      const { payload } = await jwtVerify<ExternalClaims>(token, (header, jws) => keySet(checked(header), jws), {
        issuer,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: clock(),
        requiredClaims: ['sub', 'exp'],
      });
      if (!shape.Check(payload)) throw new TokenError('token_invalid', 'a claim has not the agreed shape');
      return payload;
    } catch (error) {
      throw toTokenError(error);
    }
  };
}

function checked(header: JWTHeaderParameters): JWTHeaderParameters {
  if (KEY_HEADERS.some((name) => name in header)) {
    throw new TokenError('token_invalid', 'the token brings a key of its own');
  }
  return header;
}

function toTokenError(error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  if (error instanceof errors.JWTExpired)
    return new TokenError('token_expired', 'the token is expired', { cause: error });
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return new TokenError('token_malformed', 'the token is not a JWT', { cause: error });
  }
  return new TokenError('token_invalid', 'the token is not accepted', { cause: error });
}
