import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { IdentityError } from './errors.ts';
import type { Fetch } from './fetch-function.ts';
import type { VerifyToken } from './identify.ts';
import { createRemoteKeys } from './jwks.ts';

export interface TokenVerifierOptions {
  /** Whose tokens count: the keys of each issuer by its `iss`, as a set or as the URL of one. */
  readonly issuers: Readonly<Record<string, JSONWebKeySet | URL>>;
  /** @default the global fetch */
  readonly fetch?: Fetch;
  /** @default the system's clock */
  readonly clock?: () => Date;
  /** Milliseconds. @default the process' monotonic clock */
  readonly monotonic?: () => number;
}

/** No HMAC: a key set is public. */
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

/** As Envoy allows, so that no token is good for one of the two alone. */
const CLOCK_SKEW_SECONDS = 60;

/**
 * For the option `verify` of every adapter: checks signature, issuer and times of the token again, in this process. Its audience
 * and its claims are checked anyway. It guards against who can reach the port of this process past its Envoy, and knows nothing of
 * revocation, of policies or of mTLS.
 */
export function createTokenVerifier(options: TokenVerifierOptions): VerifyToken {
  const { clock = () => new Date() } = options;
  const keysOf = new Map(Object.entries(options.issuers).map(([issuer, keys]) => [issuer, toKeys(keys, options)]));
  return async (token) => {
    try {
      const { iss: issuer = '' } = decodeJwt(token);
      const keys = keysOf.get(issuer);
      if (keys === undefined) throw new IdentityError('token_invalid', 'The issuer of the token is not trusted here.');
      await jwtVerify(token, keys, {
        issuer,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: clock(),
        requiredClaims: ['exp'],
      });
    } catch (error) {
      throw toIdentityError(error);
    }
  };
}

function toKeys(keys: JSONWebKeySet | URL, options: TokenVerifierOptions): JWTVerifyGetKey {
  if (!(keys instanceof URL)) return createLocalJWKSet(keys);
  const { fetch = globalThis.fetch, monotonic = () => performance.now() } = options;
  return createRemoteKeys({ url: keys, fetch, monotonic });
}

/** Without the cause where it could quote the token's claims. */
function toIdentityError(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return new IdentityError('token_expired', 'The token is expired.');
  if (error instanceof errors.JOSEError) return new IdentityError('token_invalid', 'The token cannot be verified.');
  return error;
}
