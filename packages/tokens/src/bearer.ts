import { TokenError } from './errors.ts';

/** RFC 6750 section 2.1, with the scheme in any case (RFC 9110 section 11.1). */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * The token of an `Authorization` header.
 * @throws TokenError `token_missing` without a header or with another scheme, `token_malformed` when no token follows
 */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || !/^bearer( |$)/i.test(authorization)) {
    throw new TokenError('token_missing', 'the request carries no bearer token');
  }
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw new TokenError('token_malformed', 'the bearer token is malformed');
  return token;
}
