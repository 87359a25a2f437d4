import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthError } from '../errors.ts';
import type { KeyedHash } from '../keys/keyed-hash.ts';
import type { Form } from '../oauth/http/form-body.ts';
import { assertOwnForm } from '../oauth/http/form-token.ts';
import { answerErrorPage } from '../oauth/http/interaction.ts';
import { chooseLanguage, type Language } from '../oauth/pages/language.ts';
import { pageHeaders } from '../oauth/pages/layout.ts';
import { messages } from '../oauth/pages/messages.ts';
import { noticePage } from '../oauth/pages/notice-page.ts';
import { cookiesOf, FORM_COOKIE, setCookie } from './cookies.ts';
import { parseReturnPath } from './return-path.ts';

export interface PageQuery {
  readonly to?: string;
  readonly lang?: string;
}

/** One request of a browser to the log-in page. */
export interface PageVisit {
  readonly language: Language;
  /** Where the browser goes in the end. */
  readonly to: string;
  /** Where the page's form goes: to this very path, under whatever prefix a proxy took off. */
  readonly action: string;
  /** The host that was asked, as a person knows it. */
  readonly host: string;
  inLanguage(language: Language): string;
}

/** @throws AuthError `request_invalid` */
export function pageVisit({ headers }: Pick<FastifyRequest, 'headers'>, { to, lang }: PageQuery): PageVisit {
  const path = parseReturnPath(to);
  const address = (language?: string) => `?${new URLSearchParams({ to: path, ...(language && { lang: language }) })}`;
  return {
    to: path,
    language: chooseLanguage({ chosen: lang, acceptLanguage: headers['accept-language'] }),
    action: address(lang),
    host: headers.host ?? '',
    inLanguage: address,
  };
}

/** What ties a form to the browser that it is shown in, so that no other site logs somebody in as somebody else. */
export interface FormGuard {
  /** For a page that is shown: sets the cookie, unless the browser has it for another tab. */
  token(request: FastifyRequest, reply: FastifyReply): string;
  /** @throws AuthError `request_invalid` for a form that was not shown in this browser */
  check(request: FastifyRequest, form: Form): void;
}

const NONCE = /^[\w-]{43}$/;

/** @param newNonce 256 bits in base64url */
export function createFormGuard(tokenOf: KeyedHash, newNonce: () => string): FormGuard {
  const nonceOf = ({ headers }: FastifyRequest) => {
    const [nonce, ...others] = cookiesOf(headers.cookie, FORM_COOKIE);
    // Of several nobody knows which is meant.
    return nonce !== undefined && others.length === 0 && NONCE.test(nonce) ? nonce : undefined;
  };
  return {
    token(request, reply) {
      const known = nonceOf(request);
      const nonce = known ?? newNonce();
      if (known === undefined) reply.header('set-cookie', setCookie(FORM_COOKIE, nonce));
      return tokenOf(nonce);
    },
    check(request, form) {
      const nonce = nonceOf(request);
      if (nonce === undefined) throw new AuthError('request_invalid', 'the form is of no page', { field: 'csrf' });
      assertOwnForm(request, form, tokenOf(nonce));
    },
  };
}

/** As on the pages of OAuth; what can be put right by whoever made the link says how. */
export function answerPageError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isOfLink = error instanceof AuthError && (error.code === 'csrf_refused' || error.field === '/to');
  if (!isOfLink) return answerErrorPage(error, request, reply);
  const language = chooseLanguage({ acceptLanguage: request.headers['accept-language'] });
  const { errorTitle: title, errorLead: lead } = messages(language);
  const page = noticePage({ language, title, lead, detail: error.message });
  return reply.code(error.status).headers(pageHeaders()).send(page);
}
