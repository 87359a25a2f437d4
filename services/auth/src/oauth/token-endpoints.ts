import type { AccessClaims } from '@sekisho/tokens';
import { TokenError, type Verify } from '@sekisho/tokens';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { RefreshTokens } from '../refresh/refresh-tokens.ts';
import type { OAuthClient } from './clients/client.ts';
import { ownClient } from './clients/metadata.ts';
import type { EndSession } from './log-in-sessions.ts';

export interface TokenEndpoints {
  /** Accepts every unrevoked token of this issuer, for any audience. */
  readonly verify: Verify;
  /** Refuses one access token from now on. */
  readonly revokeToken: (claims: AccessClaims) => Promise<void>;
  readonly refreshTokens: Pick<RefreshTokens, 'find' | 'sessionOf'>;
  readonly endSession: EndSession;
}

/**
 * RFC 7009: a client takes back a token of its own; a refresh token goes with its session and everything issued for it.
 * For any other text the answer is the same, so that nobody learns what it was (section 2.2). Of a session that Redis
 * lost nobody knows but the token itself, which is enough: the session must not come back.
 */
export async function revokeForClient(endpoints: TokenEndpoints, ctx: KoaContextWithOIDC): Promise<void> {
  const { client, token } = asking(ctx);
  const session = await endpoints.refreshTokens.sessionOf({ token, clientId: client.id });
  if (session !== undefined) {
    await endpoints.endSession(session.userId, session.id, client.id);
  } else {
    const claims = await readToken(endpoints, token);
    if (claims?.client_id === client.id) await endpoints.revokeToken(claims);
  }
  ctx.status = 200;
  ctx.body = '';
}

/**
 * RFC 7662: a client that can keep a secret learns of its own tokens, and of those meant for a service that it is
 * granted: that is how a resource server is a client. Of every other token it learns nothing (section 4).
 */
export async function introspectForClient(endpoints: TokenEndpoints, ctx: KoaContextWithOIDC): Promise<void> {
  const { client, token } = asking(ctx);
  ctx.status = 200;
  ctx.body = { active: false };
  if (client.authMethod === 'none') return;
  const family = await endpoints.refreshTokens.find(token);
  if (family !== undefined) {
    const { context, session, isValid } = family;
    const exp = Math.floor(session.expiresAt / 1000);
    if (isValid && context.clientId === client.id)
      ctx.body = { active: true, client_id: client.id, sub: session.userId, exp };
    return;
  }
  const claims = await readToken(endpoints, token);
  if (claims !== undefined && mayLearn(client, claims)) ctx.body = { active: true, token_type: 'Bearer', ...claims };
}

function mayLearn(client: OAuthClient, { client_id: owner, aud }: AccessClaims): boolean {
  return owner === client.id || client.grants.some(({ service }) => aud.includes(service));
}

/** @returns undefined for what is no token of ours, or none that is accepted any more */
async function readToken({ verify }: TokenEndpoints, token: string): Promise<AccessClaims | undefined> {
  try {
    return await verify(token);
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}

function asking({ oidc }: KoaContextWithOIDC): { readonly client: OAuthClient; readonly token: string } {
  if (oidc.client === undefined) throw new TypeError('the client is not authenticated');
  return { client: ownClient(oidc.client), token: String(oidc.params?.['token']) };
}
