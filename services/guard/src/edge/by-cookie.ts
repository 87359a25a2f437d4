import { type FetchMetadata, isCrossSiteUse, isSameOrigin } from '@sekisho/policy';
import { BROWSER_COOKIE, parseCookies } from '@sekisho/tokens';
import { type Answer, DETAIL, type Denial, type Denied, denied } from '../answer.ts';
import type { BrowserToken, BrowserTokens } from '../browser/browser-tokens.ts';
import type { Soon } from '../soon.ts';
import type { CheckRequest } from './check-request.ts';

/** How a request is decided whose cookie was exchanged for a token, and how one that comes with neither. */
export interface Deciders {
  byToken(token: string): Soon<Answer>;
  anonymously(): Answer;
}

/** The values of the cookies that would stand for a session. An `Authorization` header is what the client chose: beside one they do not count. */
export function browserCookies({ authorization, header }: CheckRequest): readonly string[] {
  const cookie = authorization === undefined ? header('cookie') : undefined;
  if (cookie === undefined || !cookie.includes(BROWSER_COOKIE)) return NONE;
  return parseCookies(cookie).flatMap(({ name, value }) => (name === BROWSER_COOKIE ? [value] : []));
}

const NONE: readonly string[] = [];

/**
 * A browser sends its cookie by itself, wherever a request comes from. So it counts for requests of its own pages alone; and where it does not
 * count, the request is as good as one without it: what is open to everybody stays open, the log-in page for one.
 */
export async function decideByCookie(
  tokens: BrowserTokens,
  { cookies, request }: { readonly cookies: readonly string[]; readonly request: CheckRequest },
  deciders: Deciders,
): Promise<Answer> {
  const [cookie, ...others] = cookies;
  if (cookie === undefined || others.length > 0) return SEVERAL;
  const answer = csrfRefusal(request) ?? (await decideExchanged(tokens, cookie, deciders));
  if (answer.allowed || !NOT_COUNTED.includes(answer.code)) return answer;
  const anybody = deciders.anonymously();
  return anybody.allowed ? anybody : answer;
}

const SEVERAL = denied('request_malformed', 'the cookie of the session came more than once');
/** Of these codes none is about what the user may do. */
const NOT_COUNTED: readonly Denial[] = [
  'csrf_refused',
  'session_expired',
  'token_revoked',
  'token_expired',
  'token_malformed',
  'token_invalid',
  'unavailable',
];

/** RFC 9110 section 9.2.1. A preflight was answered before. */
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

function csrfRefusal(request: CheckRequest): Denied | undefined {
  const { method, header } = request;
  const metadata: FetchMetadata = {
    site: header('sec-fetch-site'),
    mode: header('sec-fetch-mode'),
    dest: header('sec-fetch-dest'),
    origin: header('origin'),
  };
  if (isCrossSiteUse(metadata)) return CROSS_SITE;
  // What opens a WebSocket is a GET; what comes through it later, nobody asks about.
  const isSafe = SAFE_METHODS.includes(method) && header('upgrade') === undefined;
  return isSafe || isSameOrigin(metadata, originOf(request)) ? undefined : NOT_SAME_ORIGIN;
}

const CROSS_SITE = denied('csrf_refused', 'another site may not use the session of this browser');
const NOT_SAME_ORIGIN = denied('csrf_refused', 'with the session of a browser this is for pages of the same origin');

/** With the port, which `host` of a request has not. */
function originOf({ scheme, header }: CheckRequest): string | undefined {
  return scheme === undefined ? undefined : URL.parse(`${scheme}://${header('host') ?? ''}`)?.origin;
}

async function decideExchanged(tokens: BrowserTokens, cookie: string, { byToken }: Deciders): Promise<Answer> {
  const first = await tokens.tokenOf(cookie);
  if (first.state !== 'token') return refusalOf(first);
  const answer = await byToken(first.token);
  if (answer.allowed || !RENEWED_AFTER.includes(answer.code)) return answer;
  // What was granted changed, or a key did: the session may live all the same, and has another token then.
  const second = await tokens.renewed(cookie, first.token);
  switch (second.state) {
    case 'token':
      return byToken(second.token);
    case 'over':
      return refusalOf(second);
    case 'unknown':
      return answer;
  }
}

const RENEWED_AFTER: readonly Denial[] = ['token_revoked', 'token_expired', 'token_invalid'];

function refusalOf({ state }: Exclude<BrowserToken, { state: 'token' }>): Denied {
  return state === 'over'
    ? denied('session_expired', DETAIL.session_expired)
    : denied('unavailable', 'the session cannot be looked up right now: try again');
}
