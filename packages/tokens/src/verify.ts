import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { type AccessClaims, assertAccessClaims } from './claims.ts';
import { TokenError } from './errors.ts';
import { keyIdOf } from './key-id.ts';
import { CLOCK_SKEW_SECONDS } from './lifetime.ts';
import { assertNarrow } from './narrow.ts';
import type { Jwks } from './public-jwk.ts';

const ALGORITHMS = ['ES256', 'RS256'];
const REQUIRED_CLAIMS = ['iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti'];
const MAX_LENGTH = 16_384;
/** RFC 8725 section 3.10: a key or its address that the token brings itself is never followed. */
const KEY_HEADERS = ['jwk', 'jku', 'x5c', 'x5u'] as const;

/** For who asks only whose token it is, and not what for. A symbol: no configuration can say it by mistake. */
export const ANY_AUDIENCE = Symbol('any audience');

export interface VerifierOptions {
  readonly issuer: string;
  /** The service that asks: its name must be in `aud`; or ANY_AUDIENCE, for a caller that looks at `aud` itself. */
  readonly audience: string | typeof ANY_AUDIENCE;
  /** Public keys of the issuer, asked for at each token because keys rotate. */
  readonly jwks: () => Jwks;
  /**
   * Public keys of whoever narrows tokens of the issuer and may sign nothing else: what they signed is accepted only as a
   * narrow token. A key is one or the other by where it is listed here, whatever the token says. @default none
   */
  readonly narrowJwks?: () => Jwks;
  readonly clock: () => Date;
}

export type Verify = (token: string) => Promise<AccessClaims>;

/**
 * Verifies access tokens of our own shape.
 * @throws TokenError (from the returned function) `token_malformed`, `token_expired`, `audience_mismatch`, and
 * `token_invalid` for everything else: which of signature, key or issuer was wrong is kept in `cause`
 */
export function createVerifier({ issuer, audience, jwks, narrowJwks = () => NONE, clock }: VerifierOptions): Verify {
  const keySet = cachedKeySet(jwks);
  const narrowKeySet = cachedKeySet(narrowJwks);
  return async (token) => {
    assertCanonical(token);
    const isNarrow = listsKey(narrowJwks(), keyIdOf(token));
    const keys = isNarrow ? narrowKeySet : keySet;
    let payload: JWTPayload;
    try {
      const verified = await jwtVerify(token, (header, jws) => keys(checkHeader(header), jws), {
        issuer,
        ...(audience !== ANY_AUDIENCE && { audience }),
        algorithms: ALGORITHMS,
        typ: 'at+jwt',
        clockTolerance: CLOCK_SKEW_SECONDS,
        currentDate: clock(),
        requiredClaims: REQUIRED_CLAIMS,
      });
      payload = verified.payload;
      assertAccessClaims(payload);
      if (isNarrow) assertNarrow(payload, clock());
    } catch (error) {
      throw toTokenError(error);
    }
    return payload;
  };
}

const NONE: Jwks = { keys: [] };

function listsKey({ keys }: Jwks, kid: string | undefined): boolean {
  return keys.some((key) => key.kid === kid);
}

/** Importing a key costs more than a verification, so a set lives until the issuer hands out another one. */
function cachedKeySet(jwks: () => Jwks): JWTVerifyGetKey {
  let source: Jwks | undefined;
  let keySet: JWTVerifyGetKey | undefined;
  return (header, token) => {
    const current = jwks();
    if (keySet === undefined || source !== current) {
      const keys: JSONWebKeySet = { keys: current.keys.map((key) => ({ ...key })) };
      keySet = createLocalJWKSet(keys);
      source = current;
    }
    return keySet(header, token);
  };
}

function checkHeader(header: JWTHeaderParameters): JWTHeaderParameters {
  if (typeof header.kid !== 'string') throw new TokenError('token_invalid', 'the token names no key');
  if (KEY_HEADERS.some((name) => name in header)) {
    throw new TokenError('token_invalid', 'the token brings a key of its own');
  }
  return header;
}

/**
 * RFC 4648 section 3.5: a decoder may ignore the unused bits of the last character, which gives one signature
 * several spellings. Only the canonical one is taken, so that a token and its hash name each other.
 */
function assertCanonical(token: string): void {
  const segments = token.split('.', 4);
  const canonical = (segment: string) => Buffer.from(segment, 'base64url').toString('base64url') === segment;
  if (token.length > MAX_LENGTH || segments.length !== 3 || !segments.every(canonical)) {
    throw new TokenError('token_malformed', 'the token is not a compact JWS');
  }
}

function toTokenError(error: unknown): TokenError {
  if (error instanceof TokenError) {
    return error.code === 'claims_invalid' ? invalid('a claim has not the agreed shape', error) : error;
  }
  if (error instanceof errors.JWTExpired)
    return new TokenError('token_expired', 'the token is expired', { cause: error });
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
    return new TokenError('audience_mismatch', 'the token is meant for other services', { cause: error });
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return new TokenError('token_malformed', 'the token is not a JWT', { cause: error });
  }
  return invalid('the token is not accepted', error);
}

function invalid(message: string, cause: unknown): TokenError {
  return new TokenError('token_invalid', message, { cause });
}
