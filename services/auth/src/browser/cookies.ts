import { BROWSER_COOKIE, parseCookies } from '@sekisho/tokens';

/** Binds a form to the browser that it was shown in. */
export const FORM_COOKIE = '__Host-sekisho_form';

/**
 * Lax: other sites lead people here, and what they send beside that is without it. Of the prefix the other three are what makes
 * browsers keep the cookie at all, and on HTTPS alone.
 */
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';
/** Seconds in 400 days, the longest that browsers keep a cookie (RFC 6265bis section 5.5). */
const LONGEST = 34_560_000;

/** @returns the values of all cookies of the name: several come only where somebody planted one */
export function cookiesOf(header: string | undefined, name: string): readonly string[] {
  return parseCookies(header).flatMap((cookie) => (cookie.name === name ? [cookie.value] : []));
}

/** @param maxAge seconds. @default until the browser is closed */
export function setCookie(name: string, value: string, maxAge?: number): string {
  return `${name}=${value}; ${ATTRIBUTES}${maxAge === undefined ? '' : `; Max-Age=${maxAge}`}`;
}

/**
 * Kept for as long as a browser does: how long the session lives is the server's to know, and longer whenever it is used. What is left of one
 * that is over opens nothing.
 */
export function sessionCookie(value: string): string {
  return setCookie(BROWSER_COOKIE, value, LONGEST);
}

export const CLEARED_COOKIE = setCookie(BROWSER_COOKIE, '', 0);
