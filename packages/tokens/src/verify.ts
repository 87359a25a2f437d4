import { type AccessClaims, assertAccessClaims } from './claims.ts';
import { TokenError } from './errors.ts';
import { type CompactJws, isSignedBy, parseCompact, parseObject } from './jws.ts';
import { CLOCK_SKEW_SECONDS } from './lifetime.ts';
import { assertNarrow } from './narrow.ts';
import type { Jwks } from './public-jwk.ts';
import { verifyingKeys } from './verifying-keys.ts';

/** RFC 8725 section 3.10: a key or its address that the token brings itself is never followed. */
const KEY_HEADERS = ['jwk', 'jku', 'x5c', 'x5u'] as const;
/** RFC 9068 section 2.1. */
const TYPES: readonly unknown[] = ['at+jwt', 'application/at+jwt'];

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
 * Verifies access tokens of our own shape (RFC 9068): nothing else that a JWS can be, and nothing that one says of how it wants to be verified.
 * @throws TokenError (from the returned function) `token_malformed`, `token_expired`, `audience_mismatch`, and
 * `token_invalid` for everything else: which of signature, key or issuer was wrong is for logs
 */
export function createVerifier(options: VerifierOptions): Verify {
  const { jwks, narrowJwks = () => NONE, clock } = options;
  const [keyOf, narrowKeyOf] = [verifyingKeys(jwks), verifyingKeys(narrowJwks)];
  return async (token) => {
    const jws = parseCompact(token);
    try {
      const kid = keyIdIn(jws);
      const narrowKey = narrowKeyOf(kid);
      assertSignedBy(jws, narrowKey ?? keyOf(kid));
      const claims: unknown = parseObject(jws.payload);
      assertAccessClaims(claims);
      assertMeant(claims, options);
      assertCurrent(claims, clock());
      if (narrowKey !== undefined) assertNarrow(claims, clock());
      return claims;
    } catch (error) {
      throw toTokenError(error);
    }
  };
}

const NONE: Jwks = { keys: [] };

/** No extension is understood, so none may be critical (RFC 7515 section 4.1.11). */
function keyIdIn({ header }: CompactJws): string {
  const { kid, typ, crit } = header;
  if (typeof kid !== 'string') throw invalid('the token names no key');
  if (KEY_HEADERS.some((name) => Object.hasOwn(header, name))) throw invalid('the token brings a key of its own');
  if (crit !== undefined) throw invalid('the token asks for an extension');
  if (!TYPES.includes(typeof typ === 'string' ? typ.toLowerCase() : typ))
    throw invalid('this is another type of token');
  return kid;
}

function assertSignedBy(jws: CompactJws, found: ReturnType<ReturnType<typeof verifyingKeys>>): void {
  if (found === undefined) throw invalid('the key of the token is not listed');
  const { alg, key } = found;
  if (jws.header['alg'] !== alg) throw invalid('the algorithm of the token is not that of its key');
  if (!isSignedBy(jws, alg, key)) throw invalid('the signature is not of this key');
}

function assertMeant({ iss, aud }: AccessClaims, { issuer, audience }: VerifierOptions): void {
  if (iss !== issuer) throw invalid('the token is of another issuer');
  if (audience !== ANY_AUDIENCE && !aud.includes(audience)) {
    throw new TokenError('audience_mismatch', 'the token is meant for other services');
  }
}

function assertCurrent({ nbf, exp }: AccessClaims, at: Date): void {
  const now = Math.floor(at.getTime() / 1000);
  if (nbf > now + CLOCK_SKEW_SECONDS) throw invalid('the token is not valid yet');
  if (exp <= now - CLOCK_SKEW_SECONDS) throw new TokenError('token_expired', 'the token is expired');
}

const OWN: readonly string[] = ['token_malformed', 'token_expired', 'audience_mismatch', 'token_invalid'];

function toTokenError(error: unknown): TokenError {
  if (error instanceof TokenError && OWN.includes(error.code)) return error;
  return new TokenError('token_invalid', 'the token is not accepted', { cause: error });
}

function invalid(message: string): TokenError {
  return new TokenError('token_invalid', message);
}
