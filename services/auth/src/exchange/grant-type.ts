import { ServiceName } from '@sekisho/tokens';
import { errors, type TokenEndpointGrantContext } from 'oidc-provider';
import { Value } from 'typebox/value';
import type { AuthMetrics } from '../metrics.ts';
import { tooManyRequests } from '../oauth/grants/too-many-requests.ts';
import type { Resources } from '../oauth/resources.ts';
import { ExchangeError, type ExchangeErrorCode } from './errors.ts';
import type { Exchange, Exchanged, ExchangeRequest } from './exchange.ts';

/** RFC 8693 section 2.1 and 3. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';

export const EXCHANGE_PARAMS = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'audience',
  'scope',
] as const;

export interface ExchangeGrantOptions {
  readonly exchange: Exchange;
  readonly resources: Resources;
  readonly metrics: Pick<AuthMetrics, 'tokensIssued'>;
}

type Parameters = Readonly<Record<string, unknown>>;

/**
 * The grant at the token endpoint. For itself a workload sends its ServiceAccount token as `subject_token` (type jwt);
 * for a user it sends the user's access token as `subject_token`, and its own as `actor_token`.
 */
export function exchangeGrant({ exchange, resources, metrics }: ExchangeGrantOptions) {
  return async (ctx: TokenEndpointGrantContext): Promise<void> => {
    const { client, params } = ctx.oidc;
    const request = { clientId: client.clientId, ip: ctx.ip, ...toRequest(params, resources) };
    const exchanged = await exchange(request).catch((error: unknown) => refuse(ctx, error));
    metrics.tokensIssued.inc({ kind: exchanged.kind });
    ctx.body = toAnswer(exchanged, request);
  };
}

/** @throws invalid_request, invalid_target */
export function toRequest(params: Parameters, resources: Resources): Omit<ExchangeRequest, 'clientId' | 'ip'> {
  assertType(params, 'requested_token_type', [undefined, ACCESS_TOKEN]);
  const permissions = textOf(params, 'scope')?.split(' ').filter(Boolean);
  const common = { service: serviceOf(params, resources), ...(permissions !== undefined && { permissions }) };
  const subjectToken = required(params, 'subject_token');
  if (params['actor_token'] === undefined) {
    assertType(params, 'subject_token_type', [JWT]);
    return { ...common, workloadToken: subjectToken };
  }
  assertType(params, 'subject_token_type', [ACCESS_TOKEN]);
  assertType(params, 'actor_token_type', [JWT]);
  return { ...common, subjectToken, workloadToken: required(params, 'actor_token') };
}

/** One service, by name (`audience`) or as a resource indicator (RFC 8707). */
function serviceOf(params: Parameters, resources: Resources): string {
  const [audience, resource] = [textOf(params, 'audience'), textOf(params, 'resource')];
  const service = resource === undefined ? audience : resources.serviceOf(resource);
  if ((audience === undefined) === (resource === undefined)) {
    throw new errors.InvalidRequest('name one service, by either audience or resource');
  }
  // It is told in answers and in the audit log, also of whoever proves nothing.
  if (Value.Check(ServiceName, service)) return service;
  throw new errors.InvalidTarget('this is no service of this issuer');
}

function required(params: Parameters, name: string): string {
  const value = textOf(params, name);
  if (value !== undefined) return value;
  throw new errors.InvalidRequest(`missing required parameter '${name}'`);
}

function assertType(params: Parameters, name: string, allowed: readonly (string | undefined)[]): void {
  if (allowed.includes(textOf(params, name))) return;
  const types = allowed.filter((type) => type !== undefined).join(' or ');
  throw new errors.InvalidRequest(`the parameter '${name}' must be ${types} here`);
}

function textOf(params: Parameters, name: string): string | undefined {
  const value = params[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new errors.InvalidRequest(`the parameter '${name}' must come once`);
}

const REFUSALS: Readonly<Record<ExchangeErrorCode, (error: ExchangeError, ctx: TokenEndpointGrantContext) => Error>> = {
  invalid_request: ({ message }) => new errors.InvalidRequest(message),
  invalid_target: ({ message }) => new errors.InvalidTarget(message),
  invalid_scope: ({ message }) => new errors.InvalidScope(message, ''),
  rate_limited: ({ message, retryAfter = 1 }, ctx) => tooManyRequests(ctx, message, retryAfter),
};

function refuse(ctx: TokenEndpointGrantContext, error: unknown): never {
  if (!(error instanceof ExchangeError)) throw error;
  throw Object.assign(REFUSALS[error.code](error, ctx), { cause: error });
}

/** RFC 8693 section 2.2.1; `scope` tells what was granted of what was asked for. */
function toAnswer(
  { token, claims }: Exchanged,
  { service, permissions }: Pick<ExchangeRequest, 'service' | 'permissions'>,
) {
  return {
    access_token: token,
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: claims.exp - claims.iat,
    ...(permissions !== undefined && { scope: claims.services[service]?.permissions.join(' ') ?? '' }),
  };
}
