import { TokenError } from './errors.ts';

/** RFC 6750 section 2.1, with the scheme in any case (RFC 9110 section 11.1). */
const SCHEME = /^bearer(?: +|$)/i;
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * The token of an `Authorization` header.
 * @throws TokenError `token_missing` without a header or with another scheme, `token_malformed` when no token follows
 */
export function bearerToken(authorization: string | undefined): string {
  const text = bearerText(authorization);
  assertB64Token(text);
  return text;
}

/**
 * Whatever follows the scheme: for who looks it up among tokens that are known, before `assertB64Token` looks at each of its characters.
 * @throws TokenError `token_missing`
 */
export function bearerText(authorization: string | undefined): string {
  const scheme = authorization === undefined ? null : SCHEME.exec(authorization);
  if (authorization === undefined || scheme === null) {
    throw new TokenError('token_missing', 'the request carries no bearer token');
  }
  return authorization.slice(scheme[0].length);
}

/** @throws TokenError `token_malformed` */
export function assertB64Token(text: string): void {
  if (!B64TOKEN.test(text)) throw new TokenError('token_malformed', 'the bearer token is malformed');
}
