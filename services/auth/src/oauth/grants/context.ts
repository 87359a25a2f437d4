import type { SessionStore } from '@sekisho/sessions';
import type { Mint } from '@sekisho/tokens';
import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { type Account, type AccountStore, AUDIENCE } from '../../accounts/account.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { AuthMetrics } from '../../metrics.ts';
import type { RefreshTokens } from '../../refresh/refresh-tokens.ts';
import type { IsLogInRevoked } from '../log-in-age.ts';
import type { EndSession, LogInSessions } from '../log-in-sessions.ts';
import type { Resources } from '../resources.ts';
import type { Artefacts } from '../store/artefacts.ts';
import type { Asked } from './granted.ts';

/** What the grants need. */
export interface GrantDependencies {
  readonly accounts: Pick<AccountStore, 'find' | 'activeVersion'>;
  readonly artefacts: Artefacts;
  readonly logIns: LogInSessions;
  readonly isLogInRevoked: IsLogInRevoked;
  readonly sessions: Pick<SessionStore, 'destroy'>;
  readonly endSession: EndSession;
  readonly refreshTokens: RefreshTokens;
  readonly resources: Resources;
  /** What workloads get tokens by. @default they get none here */
  readonly exchange?: Exchange | undefined;
  readonly mint: Mint;
  readonly clock: () => Date;
  readonly metrics: Pick<AuthMetrics, 'tokensIssued' | 'attempts' | 'failures'>;
  /** Seconds an access token lives. */
  readonly tokenLifetime: number;
}

export type GrantHandler = (ctx: TokenEndpointGrantContext) => Promise<void>;
export type GrantFactory = (provider: Provider, dependencies: GrantDependencies) => GrantHandler;

/** @throws invalid_grant, whose detail goes to the log only (RFC 6749 section 5.2 tells clients no more) */
export function invalidGrant(detail: string): Error {
  return new errors.InvalidGrant(detail);
}

/** A parameter of the request that must be there. @throws invalid_request */
export function required(ctx: TokenEndpointGrantContext, name: string): string {
  const value = ctx.oidc.params[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new errors.InvalidRequest(`missing required parameter '${name}'`);
}

/** What stands for a log-in until it is redeemed, as oidc-provider keeps it. */
export interface LogInCode {
  readonly accountId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly authTime?: number | undefined;
}

/** @throws invalid_grant for a user who is gone, or who was revoked since the log-in */
export async function accountOfCode(
  { accounts, isLogInRevoked }: Pick<GrantDependencies, 'accounts' | 'isLogInRevoked'>,
  { accountId = '', clientId, authTime }: LogInCode,
): Promise<Account> {
  const account = await activeAccount(accounts, accountId);
  if (isLogInRevoked({ userId: accountId, clientId, at: authTime })) throw invalidGrant('the log-in was revoked');
  return account;
}

/** @throws invalid_grant for a user who is gone or may not log in any more */
export async function activeAccount(accounts: GrantDependencies['accounts'], userId: string): Promise<Account> {
  const account = await accounts.find(userId);
  if (account?.active === true) return account;
  throw invalidGrant('the user is gone or inactive');
}

/**
 * The resources of a token request, which may narrow those that were authorized and no more (RFC 8707 section 2.2).
 * @throws invalid_target
 */
export function narrowed(resources: Resources, authorized: readonly string[], requested: readonly string[]) {
  if (requested.length === 0) return authorized;
  const isAllowed = (resource: string) =>
    authorized.length === 0 ? resources.serviceOf(resource) !== AUDIENCE : authorized.includes(resource);
  if (requested.every(isAllowed)) return requested;
  throw new errors.InvalidTarget('the resource was not authorized');
}

/**
 * Services from `resource`, permissions from `scope`.
 * @throws invalid_target for what is no service of this issuer
 */
export function asked(resources: Resources, indicators: readonly string[], scopes: Iterable<string>): Asked {
  const services = indicators.map((indicator) => {
    const service = resources.serviceOf(indicator);
    if (service === undefined) throw new errors.InvalidTarget('the resource is not a service of this issuer');
    return service;
  });
  const named = services.length === 0 ? [] : [...scopes].filter((scope) => !OIDC_SCOPES.has(scope));
  return { services, permissions: named.length === 0 ? undefined : named };
}

export const OIDC_SCOPES: ReadonlySet<string> = new Set(['openid', 'email', 'offline_access']);

export function toList(value: unknown): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return Array.isArray(value) ? value.map(String) : [];
}

export function notGranted(service: string): Error {
  return new errors.InvalidTarget(`the service ${service} is not granted`);
}
