import type { AccessClaims } from '@sekisho/tokens';
import { TokenError, type Verify } from '@sekisho/tokens';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { OAuthClient } from './clients/client.ts';
import { ownClient } from './clients/metadata.ts';

/** What a refresh token says, for who may ask and revoke. */
export interface RefreshTokenInfo {
  readonly clientId: string;
  readonly userId: string;
  readonly sessionId: string;
}

export interface TokenEndpoints {
  /** Accepts every unrevoked token of this issuer, for any audience. */
  readonly verify: Verify;
  /** Refuses one access token from now on. */
  readonly revokeToken: (claims: AccessClaims) => Promise<void>;
  /** @returns undefined for what is no refresh token that works now */
  readonly findRefreshToken: (token: string) => Promise<RefreshTokenInfo | undefined>;
  readonly endSession: (userId: string, sessionId: string) => Promise<void>;
}

/**
 * RFC 7009: a client takes back a token of its own; a refresh token goes with its session and everything issued for it.
 * For any other text the answer is the same, so that nobody learns what it was (section 2.2).
 */
export async function revokeForClient(endpoints: TokenEndpoints, ctx: KoaContextWithOIDC): Promise<void> {
  const { client, token } = asking(ctx);
  const refresh = await endpoints.findRefreshToken(token);
  if (refresh?.clientId === client.id) await endpoints.endSession(refresh.userId, refresh.sessionId);
  const claims = refresh === undefined ? await readToken(endpoints, token) : undefined;
  if (claims !== undefined && claims.client_id === client.id) await endpoints.revokeToken(claims);
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
  const refresh = await endpoints.findRefreshToken(token);
  if (refresh !== undefined) {
    if (refresh.clientId === client.id) ctx.body = { active: true, client_id: client.id, sub: refresh.userId };
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
