import { type AccessClaims, bearerToken, TokenError, type Verify } from '@sekisho/tokens';
import type { AccountStore } from '../../accounts/account.ts';
import { AuthError } from '../../errors.ts';
import type { HttpServer } from '../../http/server.ts';

export interface UserinfoOptions {
  readonly accounts: Pick<AccountStore, 'find'>;
  /** Accepts every unrevoked token of this issuer, for any audience. */
  readonly verify: Verify;
}

/** RFC 6750 section 3.1. */
const CHALLENGE = 'Bearer realm="sekisho", error="insufficient_scope", scope="openid"';

/** OpenID Connect Core section 5.3. What the token says of its user is what the application was allowed to know. */
export function userinfoRoute(app: HttpServer, options: UserinfoOptions): void {
  app.route({
    method: ['GET', 'POST'],
    url: '/oauth/userinfo',
    schema: { hide: true },
    handler: async (request, reply) => {
      // A token is needed and no cookie counts: scripts of any origin may ask with theirs.
      reply.headers({ 'access-control-allow-origin': '*', 'access-control-expose-headers': 'www-authenticate' });
      const { sub, user, scope = '' } = await claimsOf(options, request.headers.authorization);
      if (!scope.split(' ').includes('openid')) {
        reply.header('www-authenticate', CHALLENGE);
        throw new AuthError('insufficient_scope', 'the application did not ask for the scope openid');
      }
      return { sub, ...(user?.email !== undefined && { email: user.email }) };
    },
  });
  app.options('/oauth/userinfo', { schema: { hide: true } }, async (_, reply) =>
    reply
      .code(204)
      .headers({ 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization' })
      .send(),
  );
}

/** @throws TokenError also for a token that is nobody's who could log in */
async function claimsOf(
  { accounts, verify }: UserinfoOptions,
  authorization: string | undefined,
): Promise<AccessClaims> {
  const claims = await verify(bearerToken(authorization));
  // A client's own token, or one that a workload got by exchange, is no application's that somebody logged in to.
  const isLogIn = claims.user !== undefined && claims.session !== undefined && claims.act === undefined;
  const account = isLogIn ? await accounts.find(claims.sub) : undefined;
  if (account?.active === true) return claims;
  throw new TokenError('token_invalid', 'the token is not that of a user who may log in');
}
