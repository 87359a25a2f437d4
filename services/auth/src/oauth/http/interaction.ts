import type { FastifyReply, FastifyRequest } from 'fastify';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import type { AccountStore } from '../../accounts/account.ts';
import { AuthError } from '../../errors.ts';
import type { KeyedHash } from '../../keys/keyed-hash.ts';
import type { Authenticate } from '../../login/login.ts';
import type { AuthMetrics } from '../../metrics.ts';
import type { OAuthClient } from '../clients/client.ts';
import { ownClient } from '../clients/metadata.ts';
import type { Consents } from '../consents.ts';
import type { Issuer } from '../issuer.ts';
import type { LogInSessions } from '../log-in-sessions.ts';
import { chooseLanguage, type Language } from '../pages/language.ts';
import { pageHeaders } from '../pages/layout.ts';
import { messages } from '../pages/messages.ts';
import { noticePage } from '../pages/notice-page.ts';
import type { Resources } from '../resources.ts';
import { isUnavailable, RETRY_AFTER } from '../unavailable.ts';
import type { Form } from './form-body.ts';
import { assertOwnForm } from './form-token.ts';

export interface InteractionDependencies {
  readonly provider: () => Provider;
  readonly issuer: Issuer;
  readonly authenticate: Authenticate;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly logIns: LogInSessions;
  readonly resources: Resources;
  readonly consents: Consents;
  /** Binds a form to one interaction. */
  readonly formToken: KeyedHash;
  readonly metrics: Pick<AuthMetrics, 'attempts' | 'failures'>;
  /** Address of whoever connects. */
  readonly clientAddress: (request: FastifyRequest) => string;
}

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** One request of a browser to an interaction that is its own. */
export interface Visit {
  readonly interaction: Interaction;
  readonly client: OAuthClient;
  readonly language: Language;
  readonly ip: string;
  /** Where the page's form goes. */
  readonly action: string;
  readonly csrf: string;
  inLanguage(language: Language): string;
  /** @throws AuthError `request_invalid` for a form that is not of this interaction's page */
  checkForm(form: Form): void;
  show(page: string, answer?: { readonly status: number; readonly retryAfter?: number | undefined }): FastifyReply;
  /** Keeps the result. @returns where the browser goes next */
  finish(result: InteractionResults): Promise<string>;
}

export interface Arrival {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly uid: string;
  readonly lang: string | undefined;
}

/** @throws SessionNotFound of oidc-provider for an interaction that is over, or another browser's */
export async function openInteraction(dependencies: InteractionDependencies, arrival: Arrival): Promise<Visit> {
  const { provider: currentProvider, issuer, formToken, clientAddress } = dependencies;
  const { request, reply, uid, lang } = arrival;
  const provider = currentProvider();
  const interaction = await provider.interactionDetails(request.raw, reply.raw);
  // The cookie's path says the same, but is the browser's word.
  if (interaction.uid !== uid) throw new errors.SessionNotFound('the interaction is another one');
  const client = await provider.Client.find(text(interaction.params['client_id']));
  if (client === undefined) throw new errors.InvalidClient('the client is gone', 'client not found');
  const path = issuer.url(`/oauth/interaction/${uid}`);
  const csrf = formToken(`${uid} ${interaction.prompt.name}`);
  const targets = formTargets(interaction);
  return {
    interaction,
    client: ownClient(client),
    language: languageOf(request, { lang, uiLocales: text(interaction.params['ui_locales']) }),
    ip: clientAddress(request),
    action: lang === undefined ? path : `${path}?lang=${encodeURIComponent(lang)}`,
    csrf,
    inLanguage: (language) => `${path}?lang=${language}`,
    checkForm: (form) => assertOwnForm(request, form, csrf),
    show: (page, { status, retryAfter } = { status: 200 }) => {
      if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
      return reply.code(status).headers(pageHeaders(targets)).send(page);
    },
    finish: (result) =>
      provider.interactionResult(request.raw, reply.raw, result, { mergeWithLastSubmission: !('error' in result) }),
  };
}

/** Forms lead back to the application in the end, and browsers want to be told (CSP Level 3 section 6.3.1). */
function formTargets({ params }: Interaction): readonly string[] {
  const target = URL.parse(text(params['redirect_uri']));
  return target === null ? [] : [target.origin];
}

function languageOf(request: FastifyRequest, { lang, uiLocales }: { lang?: string | undefined; uiLocales: string }) {
  return chooseLanguage({ chosen: lang, uiLocales, acceptLanguage: request.headers['accept-language'] });
}

/** People are shown a page for every error; what it was is in the log. */
export function answerErrorPage(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const language = languageOf(request, { uiLocales: '' });
  const { expiredTitle, expiredLead, errorTitle, unavailable } = messages(language);
  const isOver = !isUnavailable(error) && (error instanceof errors.OIDCProviderError || isBadRequest(error));
  if (!isOver) request.log.error({ err: error }, 'an interaction failed');
  const page = isOver ? { title: expiredTitle, lead: expiredLead } : { title: errorTitle, lead: unavailable };
  return reply
    .code(isOver ? 400 : 503)
    .headers({ ...pageHeaders(), ...(!isOver && { 'retry-after': String(RETRY_AFTER) }) })
    .send(noticePage({ language, ...page }));
}

function isBadRequest(error: unknown): boolean {
  if (error instanceof AuthError) return error.status < 500;
  return error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500;
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
