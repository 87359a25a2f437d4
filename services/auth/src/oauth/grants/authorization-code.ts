import { createHash, timingSafeEqual } from 'node:crypto';
import type { Provider, TokenEndpointGrantContext } from 'oidc-provider';
import { ownClient } from '../clients/metadata.ts';
import { checkGrant } from './check-grant.ts';
import { accountOfCode, asked, type GrantFactory, invalidGrant, narrowed, required, toList } from './context.ts';
import { readOrigin } from './origin.ts';
import { respondForUser } from './respond.ts';
import { takeOnce } from './take-once.ts';

type Code = InstanceType<Provider['AuthorizationCode']>;

/**
 * RFC 6749 section 4.1.3 with PKCE (RFC 7636). Everything that can refuse a request comes before the code is used, so
 * that somebody who stole a code and lacks its verifier cannot use it up.
 */
export const authorizationCode: GrantFactory = (provider, dependencies) => async (ctx) => {
  const code = await findCode(provider, ctx);
  checkVerifier(code, required(ctx, 'code_verifier'));
  const { artefacts, resources } = dependencies;
  const account = await accountOfCode(dependencies, code);
  const indicators = narrowed(resources, toList(code.resource), toList(ctx.oidc.params['resource']));
  const what = asked(resources, indicators, code.scopes);
  await takeOnce(dependencies, { kind: 'AuthorizationCode', id: code.jti, userId: account.id }, async () => {
    const origin = await readOrigin(artefacts, code.jti, ctx);
    return respondForUser({ provider, ctx }, dependencies, {
      account,
      client: ownClient(ctx.oidc.client),
      scopes: code.scopes,
      asked: what,
      proof: code,
      origin: { ...origin, ...(code.sessionUid !== undefined && { browser: code.sessionUid }) },
    });
  });
};

async function findCode(provider: Provider, ctx: TokenEndpointGrantContext): Promise<Code> {
  const value = required(ctx, 'code');
  const redirectUri = required(ctx, 'redirect_uri');
  const code = await provider.AuthorizationCode.find(value, { ignoreExpiration: true });
  if (code === undefined) throw invalidGrant('there is no such code, or the log-in that it is of is over');
  if (code.clientId !== ctx.oidc.client.clientId) throw invalidGrant('the code is of another client');
  if (code.isExpired) throw invalidGrant('the code is expired');
  if (code.redirectUri !== redirectUri) throw invalidGrant('redirect_uri is not that of the authorization request');
  await checkGrant(provider, code);
  return code;
}

/** RFC 7636 section 4.6, S256 only: the authorization endpoint takes no other method, and no request without one. */
function checkVerifier({ codeChallenge }: Code, verifier: string): void {
  const wellFormed = /^[A-Za-z0-9\-._~]{43,128}$/.test(verifier);
  const computed = createHash('sha256').update(verifier).digest();
  const expected = Buffer.from(codeChallenge ?? '', 'base64url');
  const matches = computed.length === expected.length && timingSafeEqual(computed, expected);
  if (!wellFormed || !matches) throw invalidGrant('the code_verifier is not that of the code_challenge');
}
