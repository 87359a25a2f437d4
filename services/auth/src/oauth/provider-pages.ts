import type { KoaContextWithOIDC } from 'oidc-provider';
import { deviceCodePage, deviceConfirmPage } from './pages/device-pages.ts';
import { chooseLanguage, type Language } from './pages/language.ts';
import { pageHeaders } from './pages/layout.ts';
import { logoutPage } from './pages/logout-page.ts';
import { type Messages, messages } from './pages/messages.ts';
import { noticePage } from './pages/notice-page.ts';

type Ctx = KoaContextWithOIDC;
interface OAuthFailure {
  readonly error: string;
  readonly error_description?: string | undefined;
}

export type ProviderPages = ReturnType<typeof providerPages>;

/** The pages that oidc-provider shows at its own addresses. @param emailOf of the user who is logged in */
export function providerPages(emailOf: (userId: string) => Promise<string | undefined>) {
  return {
    async logout(ctx: Ctx): Promise<void> {
      const { accountId } = ctx.oidc.session ?? {};
      const account = accountId === undefined ? undefined : ((await emailOf(accountId)) ?? accountId);
      const language = languageOf(ctx);
      const action = ctx.oidc.urlFor('end_session_confirm');
      const application = ctx.oidc.client && nameOf(ctx.oidc.client);
      const target = postLogoutOrigin(ctx);
      show(ctx, logoutPage({ language, action, xsrf: secretOf(ctx), account, application }), target);
    },

    async loggedOut(ctx: Ctx): Promise<void> {
      const text = messages(languageOf(ctx));
      show(ctx, noticePage({ language: languageOf(ctx), title: text.loggedOutTitle, lead: text.loggedOutLead }));
    },

    ...devicePages,

    async error(ctx: Ctx, out: OAuthFailure): Promise<void> {
      const language = languageOf(ctx);
      const text = messages(language);
      show(ctx, noticePage({ language, ...explain(text, out, ctx.oidc.route) }));
    },

    /** For a response mode that no client is registered for. */
    async unanswerable(ctx: Ctx): Promise<void> {
      const text = messages(languageOf(ctx));
      ctx.status = 400;
      const detail = 'unsupported_response_mode';
      show(ctx, noticePage({ language: languageOf(ctx), title: text.errorTitle, lead: text.errorLead, detail }));
    },

    /** In place of a page that only a script would leave: nobody is logged in, or somebody else is now. */
    async leaving(ctx: Ctx): Promise<void> {
      const action = ctx.oidc.urlFor('end_session_confirm');
      show(
        ctx,
        logoutPage({ language: languageOf(ctx), action, xsrf: secretOf(ctx), account: undefined }),
        postLogoutOrigin(ctx),
      );
    },
  };
}

/** Of the device authorization grant (RFC 8628). */
const devicePages = {
  async deviceCode(ctx: Ctx, _form: string, _out?: object, error?: Error & { userCode?: string }): Promise<void> {
    const language = languageOf(ctx);
    const problem = error && deviceProblem(language, error);
    const code = error?.userCode ?? prefilledCode(ctx);
    const action = ctx.oidc.urlFor('code_verification');
    show(ctx, deviceCodePage({ language, action, xsrf: secretOf(ctx), code, problem }));
  },

  async confirmDevice(ctx: Ctx, _form: string, client: object, deviceInfo: object, userCode: string): Promise<void> {
    const ip: unknown = Reflect.get(deviceInfo, 'ip');
    show(
      ctx,
      deviceConfirmPage({
        language: languageOf(ctx),
        action: ctx.oidc.urlFor('code_verification'),
        xsrf: secretOf(ctx),
        code: userCode,
        application: nameOf(client),
        ...(typeof ip === 'string' && { ip }),
      }),
    );
  },

  async deviceDone(ctx: Ctx): Promise<void> {
    const language = languageOf(ctx);
    const text = messages(language);
    const application = ctx.oidc.client ? nameOf(ctx.oidc.client) : '';
    show(ctx, noticePage({ language, title: text.deviceDoneTitle, lead: text.deviceDoneLead(application) }));
  },
};

function explain(text: Messages, { error, error_description: description }: OAuthFailure, route: string) {
  const isOver = route.endsWith('resume') && error === 'invalid_request';
  if (isOver) return { title: text.expiredTitle, lead: text.expiredLead };
  // Neither the person nor the application can do anything about these.
  if (error === 'server_error' || error === 'temporarily_unavailable') {
    return { title: text.errorTitle, lead: text.unavailable };
  }
  const detail = [error, description].filter(Boolean).join(': ');
  return { title: text.errorTitle, lead: text.errorLead, detail };
}

function show(ctx: Ctx, body: string, formTarget?: string): void {
  ctx.set(pageHeaders(formTarget === undefined ? [] : [formTarget]));
  ctx.body = body;
}

function languageOf(ctx: Ctx): Language {
  const uiLocales = ctx.oidc.params?.['ui_locales'];
  return chooseLanguage({
    ...(typeof uiLocales === 'string' && { uiLocales }),
    acceptLanguage: ctx.get('accept-language'),
  });
}

function nameOf(client: object): string {
  return String(Reflect.get(client, 'clientName') ?? Reflect.get(client, 'clientId'));
}

/** oidc-provider's own token against forged forms, kept in its session. */
function secretOf(ctx: Ctx): string {
  const state: unknown = ctx.oidc.session?.state;
  return typeof state === 'object' && state !== null ? String(Reflect.get(state, 'secret')) : '';
}

function postLogoutOrigin(ctx: Ctx): string | undefined {
  const state: unknown = ctx.oidc.session?.state;
  const uri: unknown =
    typeof state === 'object' && state !== null ? Reflect.get(state, 'postLogoutRedirectUri') : undefined;
  return typeof uri === 'string' ? URL.parse(uri)?.origin : undefined;
}

/** From `verification_uri_complete` (RFC 8628 section 3.3.1): typed for the person, confirmed by the person. */
function prefilledCode(ctx: Ctx): string {
  const code: unknown = ctx.state['userCode'];
  return typeof code === 'string' ? code : '';
}

function deviceProblem(language: Language, error: Error): string {
  const text = messages(language);
  switch (error.name) {
    case 'NoCodeError':
    case 'NotFoundError':
      return text.codeUnknown;
    case 'ExpiredError':
      return text.codeExpired;
    case 'AlreadyUsedError':
      return text.codeUsed;
    case 'AbortedError':
      return text.deviceStopped;
    case 'TemporarilyUnavailable':
      return text.unavailable;
    default:
      return text.expiredLead;
  }
}
