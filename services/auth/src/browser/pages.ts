import { isSameOrigin } from '@sekisho/policy';
import { BROWSER_COOKIE } from '@sekisho/tokens';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { AuthError } from '../errors.ts';
import { deviceOf } from '../http/device.ts';
import type { HttpServer } from '../http/server.ts';
import { countedAttempt } from '../login/counted-attempt.ts';
import type { AuthMetrics } from '../metrics.ts';
import type { Form } from '../oauth/http/form-body.ts';
import { loginFailure, MAX_EMAIL, passwordOf, plausible } from '../oauth/http/password-form.ts';
import { pageHeaders } from '../oauth/pages/layout.ts';
import { type LoginProblem, loginPage } from '../oauth/pages/login-page.ts';
import { messages } from '../oauth/pages/messages.ts';
import { noticePage } from '../oauth/pages/notice-page.ts';
import { CLEARED_COOKIE, cookiesOf, sessionCookie } from './cookies.ts';
import type { BrowserLogIns } from './log-in.ts';
import { answerPageError, type FormGuard, type PageVisit, pageVisit } from './page-visit.ts';

export interface BrowserPagesOptions {
  readonly logIns: BrowserLogIns;
  readonly forms: FormGuard;
  readonly metrics: Pick<AuthMetrics, 'attempts' | 'failures' | 'sessionsCreated'>;
  /** Address of whoever connects. */
  readonly clientAddress: (request: FastifyRequest) => string;
}

const schema = {
  hide: true,
  querystring: Type.Object({
    to: Type.Optional(Type.String({ maxLength: 4_096 })),
    lang: Type.Optional(Type.String({ maxLength: 16 })),
  }),
};

/** Logging in and out of this host with a cookie alone, for applications that need no tokens of their own. */
export function browserPages(app: HttpServer, options: BrowserPagesOptions): void {
  const settings = { schema, errorHandler: answerPageError };
  app.get('/login', settings, async (request, reply) => {
    const visit = pageVisit(request, request.query);
    return show(reply, page(visit, { csrf: options.forms.token(request, reply), email: '' }));
  });
  app.post('/login', settings, (request, reply) => submitLogin(options, request, { reply, query: request.query }));
  app.post('/logout', settings, async (request, reply) => {
    const { to } = request.query;
    const visit = pageVisit(request, request.query);
    assertOwnPage(request);
    await options.logIns.logOut(cookiesOf(request.headers.cookie, BROWSER_COOKIE));
    reply.header('set-cookie', CLEARED_COOKIE);
    return to === undefined ? show(reply, loggedOutPage(visit)) : reply.code(303).header('location', visit.to).send();
  });
}

interface Answering {
  readonly reply: FastifyReply;
  readonly query: Parameters<typeof pageVisit>[1];
}

async function submitLogin(
  { logIns, forms, metrics, clientAddress }: BrowserPagesOptions,
  request: FastifyRequest,
  { reply, query }: Answering,
): Promise<FastifyReply> {
  const visit = pageVisit(request, query);
  const form = formOf(request);
  forms.check(request, form);
  const attempt = { ...passwordOf(form), device: deviceOf(request), ip: clientAddress(request) };
  const previous = cookiesOf(request.headers.cookie, BROWSER_COOKIE);
  try {
    const logIn = () => logIns.logIn(plausible(attempt), previous);
    const cookie = await countedAttempt(metrics, 'browser_password', logIn);
    metrics.sessionsCreated.inc();
    reply.header('set-cookie', sessionCookie(cookie));
    return reply.code(303).header('location', visit.to).send();
  } catch (error) {
    const { problem, status, retryAfter } = loginFailure(error);
    if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
    const csrf = forms.token(request, reply);
    return show(reply.code(status), page(visit, { csrf, email: attempt.email.slice(0, MAX_EMAIL), problem }));
  }
}

/** @throws AuthError `request_invalid` for a body of another kind, or none */
function formOf({ body }: FastifyRequest): Form {
  if (body instanceof Map) return body;
  throw new AuthError('request_invalid', 'the body must be a form', { field: 'csrf' });
}

/** @throws AuthError `csrf_refused` unless a page of the host that was asked sent it */
function assertOwnPage({ headers, protocol }: FastifyRequest): void {
  const own = URL.parse(`${protocol}://${headers.host ?? ''}`)?.origin;
  const { origin, 'sec-fetch-site': site } = headers;
  if (isSameOrigin({ origin, site: typeof site === 'string' ? site : undefined }, own)) return;
  throw new AuthError('csrf_refused', 'only a page of this host may log its user out');
}

interface Shown {
  readonly csrf: string;
  readonly email: string;
  readonly problem?: LoginProblem;
}

function page({ language, inLanguage, action, host }: PageVisit, shown: Shown): string {
  return loginPage({ ...shown, language, inLanguage, action, application: host, cancellable: false });
}

function loggedOutPage({ language }: PageVisit): string {
  const { loggedOutTitle: title, loggedOutLead: lead } = messages(language);
  return noticePage({ language, title, lead });
}

function show(reply: FastifyReply, html: string): FastifyReply {
  return reply.headers(pageHeaders()).send(html);
}
