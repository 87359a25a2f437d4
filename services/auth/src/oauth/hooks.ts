import type { Logger } from '@sekisho/telemetry';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { saveOrigin } from './grants/origin.ts';
import type { LogInSessions } from './log-in-sessions.ts';
import type { ProviderPages } from './provider-pages.ts';
import type { Artefacts } from './store/artefacts.ts';
import { introspectForClient, revokeForClient, type TokenEndpoints } from './token-endpoints.ts';
import { available, isUnavailable, RETRY_AFTER } from './unavailable.ts';
import { withoutUnverifiableHint } from './unverifiable-hint.ts';

export interface HookOptions {
  readonly logIns: LogInSessions;
  readonly artefacts: Artefacts;
  readonly tokenEndpoints: TokenEndpoints;
  readonly pages: ProviderPages;
  /** Path of the page that device codes are typed into. */
  readonly devicePath: string;
  /** Names of the keys that id tokens are verified with. */
  readonly verifiable: ReadonlySet<string>;
  readonly log: Logger;
}

const MAX_USER_CODE = 32;

/** The session that an id token names, as it is kept with the page that asks. */
const Named = Type.Object({ userId: Type.String(), id: Type.String(), clientId: Type.String() });
type Named = Static<typeof Named>;

/** What happens around oidc-provider's own handling of requests. */
export function installHooks(provider: Provider, options: HookOptions): void {
  endSessionsWithBrowser(provider, options.logIns);
  provider.use(async (ctx, next) => {
    if (ctx.method === 'GET' && ctx.path === options.devicePath) keepUserCode(ctx);
    try {
      await next();
      if (hasOidc(ctx)) await finish(ctx, options);
    } catch (error) {
      // Also of oidc-provider's own: it keeps its session after it has answered.
      if (!hasOidc(ctx)) throw error;
      await answerFailure(ctx, error, options);
    }
    if (ctx.status === 503) ctx.set('retry-after', String(RETRY_AFTER));
  });
}

/** Before and not after: while the sessions cannot be ended, the browser stays logged in and may try again. */
function endSessionsWithBrowser(provider: Provider, logIns: LogInSessions): void {
  const { prototype } = provider.Session;
  const destroy = prototype.destroy;
  prototype.destroy = async function destroyWithSessions() {
    if (this.accountId !== undefined) await available(logIns.end(this.accountId, this.uid));
    const named = namedIn(this.state);
    if (named !== undefined) await available(logIns.endNamed(named));
    await destroy.call(this);
  };
}

/** oidc-provider would submit a code that came with the address by a script; ours is a page that needs none. */
function keepUserCode(ctx: { query: Record<string, unknown>; state: Record<string, unknown> }): void {
  const code = ctx.query['user_code'];
  if (typeof code === 'string') ctx.state['userCode'] = code.slice(0, MAX_USER_CODE);
  ctx.query = {};
}

async function finish(ctx: KoaContextWithOIDC, options: HookOptions): Promise<void> {
  const { artefacts, logIns, pages, tokenEndpoints } = options;
  const { route, entities } = ctx.oidc;
  switch (route) {
    case 'discovery':
      onlyWhatClientsMay(ctx);
      break;
    case 'authorization':
    case 'resume':
      if (entities.AuthorizationCode !== undefined) await saveOrigin(artefacts, entities.AuthorizationCode.jti, ctx);
      break;
    case 'end_session':
      if (ctx.status === 400) goOnWithoutHint(ctx, options.verifiable);
      if (ctx.status === 200) await keepNamedSession(ctx, logIns);
      break;
    case 'end_session_confirm':
      await leaveOneApplication(ctx, logIns);
      break;
    case 'revocation':
      if (isOurs(ctx)) await revokeForClient(tokenEndpoints, ctx);
      break;
    case 'introspection':
      if (isOurs(ctx)) await introspectForClient(tokenEndpoints, ctx);
      break;
  }
  if (isScripted(ctx))
    await (route === 'end_session' || route === 'resume' ? pages.leaving(ctx) : pages.unanswerable(ctx));
}

function goOnWithoutHint(ctx: KoaContextWithOIDC, verifiable: ReadonlySet<string>): void {
  const query = withoutUnverifiableHint(ctx.oidc.params ?? {}, verifiable);
  if (query === undefined) return;
  ctx.status = 303;
  ctx.redirect(`${ctx.oidc.urlFor('end_session')}?${query}`);
}

/**
 * Before a session ends the person is asked, and by the page that follows it does: also one that this browser does not have, as
 * when its log-in was lost, or is of another region. One that nobody knows any more is refused at once. The id token proves whose it
 * was, expired or not.
 */
async function keepNamedSession({ oidc }: KoaContextWithOIDC, logIns: LogInSessions): Promise<void> {
  const { sub: userId, sid: id, aud: clientId } = oidc.entities.IdTokenHint?.payload ?? {};
  if (typeof userId !== 'string' || typeof id !== 'string' || typeof clientId !== 'string') return;
  const named = { userId, id, clientId };
  await logIns.refuseLost(named);
  const { session } = oidc;
  if (session === undefined) return;
  session.state = { ...session.state, named };
  await session.persist();
}

function namedIn(state: Readonly<Record<string, unknown>> | undefined): Named | undefined {
  const named = state?.['named'];
  return Value.Check(Named, named) ? named : undefined;
}

/** The client is who it says, the request is well formed, and oidc-provider knows nothing of the token. */
function isOurs({ status, body }: KoaContextWithOIDC): boolean {
  if (status === 200) return true;
  return typeof body === 'object' && body !== null && Reflect.get(body, 'error') === 'unsupported_token_type';
}

/** Not logging out of the browser still is leaving the application that asked. */
async function leaveOneApplication({ oidc }: KoaContextWithOIDC, logIns: LogInSessions): Promise<void> {
  const { session, client } = oidc;
  if (session?.accountId === undefined || client === undefined || Reflect.get(session, 'destroyed') === true) return;
  await logIns.end(session.accountId, session.uid, client.clientId);
}

/** Clients are registered for the response mode `query` only; a form that a script submits is none of our pages. */
function onlyWhatClientsMay(ctx: KoaContextWithOIDC): void {
  Object.assign(ctx.body as object, { response_modes_supported: ['query'] });
}

/** Every page of ours brings a policy; oidc-provider's own, which a script submits, do not. */
function isScripted(ctx: KoaContextWithOIDC): boolean {
  const isRedirect = ctx.status >= 300 && ctx.status < 400;
  return !isRedirect && ctx.response.is('html') === 'html' && !ctx.res.hasHeader('content-security-policy');
}

async function answerFailure(ctx: KoaContextWithOIDC, error: unknown, { log, pages }: HookOptions): Promise<void> {
  const outage = isUnavailable(error);
  log.error({ err: error, route: ctx.oidc.route }, 'OAuth request failed');
  ctx.status = outage ? 503 : 500;
  ctx.set('cache-control', 'no-store');
  ctx.remove('location');
  const failure = outage
    ? { error: 'temporarily_unavailable', error_description: 'try again in a moment' }
    : { error: 'server_error', error_description: 'the service failed' };
  if (ctx.accepts('json', 'html') === 'html') await pages.error(ctx, failure);
  else ctx.body = failure;
}

function hasOidc(ctx: object): ctx is KoaContextWithOIDC {
  return 'oidc' in ctx;
}
