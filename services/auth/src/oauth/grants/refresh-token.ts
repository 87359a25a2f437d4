import { errors, type TokenEndpointGrantContext } from 'oidc-provider';
import { countedAttempt } from '../../login/counted-attempt.ts';
import { LoginRefused } from '../../login/login.ts';
import type { FamilyInUse } from '../../refresh/refresh-tokens.ts';
import { ownClient } from '../clients/metadata.ts';
import {
  activeAccount,
  asked,
  type GrantDependencies,
  type GrantFactory,
  invalidGrant,
  narrowed,
  required,
  toList,
} from './context.ts';
import { tooManyRequests } from './too-many-requests.ts';
import { type IssuedToken, mintForUser } from './user-tokens.ts';

/** RFC 6749 section 6, with the rotation of every refresh token of ours: used twice, it ends its session. */
export const refreshToken: GrantFactory = (_, dependencies) => async (ctx) => {
  const { refreshTokens, metrics } = dependencies;
  const client = ownClient(ctx.oidc.client);
  const presented = { token: required(ctx, 'refresh_token'), clientId: client.id };
  const refreshed = await countedAttempt(metrics, 'refresh', () =>
    refreshTokens.use(presented, (family) => issue(dependencies, ctx, family)),
  ).catch((error: unknown) => {
    throw asOAuthError(ctx, error);
  });
  const { token, expiresIn, scopes } = refreshed.issued;
  ctx.body = {
    access_token: token,
    token_type: 'Bearer',
    expires_in: expiresIn,
    scope: [...scopes].join(' '),
    refresh_token: refreshed.refreshToken,
  };
};

interface IssuedForScopes extends IssuedToken {
  readonly scopes: ReadonlySet<string>;
}

/** What is granted now, of what was granted then. */
async function issue(
  dependencies: GrantDependencies,
  ctx: TokenEndpointGrantContext,
  { session, context }: FamilyInUse,
): Promise<IssuedForScopes> {
  const { accounts, endSession, resources } = dependencies;
  const account = await activeAccount(accounts, session.userId).catch(async (error: unknown) => {
    // Whoever may not log in any more is logged out; an outage says nothing about that.
    if (error instanceof errors.InvalidGrant) await endSession(session.userId, session.id);
    throw error;
  });
  const scopes = narrowedScopes(context.scopes ?? [], ctx.oidc.params['scope']);
  const authorized = (context.services ?? []).map(resources.ofService);
  const indicators = narrowed(resources, authorized, toList(ctx.oidc.params['resource']));
  const { permissions: granted } = asked(resources, indicators, context.scopes ?? []);
  const { services, permissions = [] } = asked(resources, indicators, scopes);
  // Where permissions were granted by name, scopes without any of them ask for none, and not for all.
  const what = { services, permissions: granted && permissions };
  const request = { account, client: ownClient(ctx.oidc.client), scopes, asked: what };
  return { ...(await mintForUser(dependencies, request, session)), scopes };
}

/** @throws invalid_scope for one that was not granted */
function narrowedScopes(granted: readonly string[], requested: unknown): ReadonlySet<string> {
  if (typeof requested !== 'string') return new Set(granted);
  const scopes = requested.split(' ').filter(Boolean);
  const more = scopes.find((scope) => !granted.includes(scope));
  if (more !== undefined) throw new errors.InvalidScope('the scope was not granted', more);
  return new Set(scopes);
}

function asOAuthError(ctx: TokenEndpointGrantContext, error: unknown): unknown {
  if (!(error instanceof LoginRefused)) return error;
  if (error.code !== 'rate_limited') return invalidGrant(error.reason);
  return tooManyRequests(ctx, 'this session is refreshed too often', error.retryAfter ?? 1);
}
