import { BROWSER_COOKIE, parseCookies } from '@sekisho/tokens';

/** Binds a form to the browser that it was shown in. */
export const FORM_COOKIE = '__Host-sekisho_form';

/**
 * Lax: other sites lead people here, and what they send beside that is without it. Of the prefix the other three are what makes
 * browsers keep the cookie at all, and on HTTPS alone.
 */
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';

/** @returns undefined where there is none, and where several came: which of them is meant, nobody knows */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  const [found, ...others] = parseCookies(header).filter((cookie) => cookie.name === name);
  return others.length === 0 ? found?.value : undefined;
}

/** @param maxAge seconds. @default until the browser is closed */
export function setCookie(name: string, value: string, maxAge?: number): string {
  return `${name}=${value}; ${ATTRIBUTES}${maxAge === undefined ? '' : `; Max-Age=${maxAge}`}`;
}

export const CLEARED_COOKIE = setCookie(BROWSER_COOKIE, '', 0);
