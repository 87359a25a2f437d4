import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { saveOrigin } from './grants/origin.ts';
import type { LogInSessions } from './log-in-sessions.ts';
import type { ProviderPages } from './provider-pages.ts';
import type { Artefacts } from './store/artefacts.ts';

export interface HookOptions {
  readonly logIns: LogInSessions;
  readonly artefacts: Artefacts;
  readonly pages: ProviderPages;
  /** Path of the page that device codes are typed into. */
  readonly devicePath: string;
}

const MAX_USER_CODE = 32;

/** What happens around oidc-provider's own handling of requests. */
export function installHooks(provider: Provider, options: HookOptions): void {
  endSessionsWithBrowser(provider, options.logIns);
  provider.use(async (ctx, next) => {
    if (ctx.method === 'GET' && ctx.path === options.devicePath) keepUserCode(ctx);
    await next();
    if (hasOidc(ctx)) await finish(ctx, options);
  });
}

/** Before and not after: while the sessions cannot be ended, the browser stays logged in and may try again. */
function endSessionsWithBrowser(provider: Provider, logIns: LogInSessions): void {
  const { prototype } = provider.Session;
  const destroy = prototype.destroy;
  prototype.destroy = async function destroyWithSessions() {
    if (this.accountId !== undefined) await logIns.end(this.accountId, this.uid);
    await destroy.call(this);
  };
}

/** oidc-provider would submit a code that came with the address by a script; ours is a page that needs none. */
function keepUserCode(ctx: { query: Record<string, unknown>; state: Record<string, unknown> }): void {
  const code = ctx.query['user_code'];
  if (typeof code === 'string') ctx.state['userCode'] = code.slice(0, MAX_USER_CODE);
  ctx.query = {};
}

async function finish(ctx: KoaContextWithOIDC, { artefacts, logIns, pages }: HookOptions): Promise<void> {
  const { route, entities } = ctx.oidc;
  if (route === 'discovery') onlyWhatClientsMay(ctx);
  if (entities.AuthorizationCode !== undefined && (route === 'authorization' || route === 'resume')) {
    await saveOrigin(artefacts, entities.AuthorizationCode.jti, ctx);
  }
  if (route === 'end_session_confirm') await leaveOneApplication(ctx, logIns);
  if (isScripted(ctx))
    await (route === 'end_session' || route === 'resume' ? pages.leaving(ctx) : pages.unanswerable(ctx));
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
  return ctx.response.is('html') === 'html' && ctx.response.get('content-security-policy') === '';
}

function hasOidc(ctx: object): ctx is KoaContextWithOIDC {
  return 'oidc' in ctx;
}
