/**
 * What stands for a user's session in a browser. With this prefix neither a sibling host nor plain HTTP can set it, and it is
 * sent to its own host alone (RFC 6265bis section 4.1.3.2).
 */
export const BROWSER_COOKIE = '__Host-sekisho_browser';

export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** As it stood in the header, without the spaces around it. */
  readonly text: string;
}

/** Of the auth service's pages and of this platform's sessions: nobody else sets cookies of these names. */
const OWN = /^(?:__Host-|__Secure-)?sekisho_/;
/** A browser sends one header. Of several Envoy makes one, by commas, when it asks about a request: none of ours may hide behind one. */
const BETWEEN = /;|,(?=\s*(?:__Host-|__Secure-)?sekisho_)/;

/**
 * The cookies of a `Cookie` header, in the order in which they stand there, each as often as it came (RFC 6265 section 4.2.1).
 * Quotes mean nothing: a browser sends what is between two semicolons as one cookie.
 */
export function parseCookies(header: string | undefined): readonly Cookie[] {
  return (header ?? '').split(BETWEEN).flatMap((part) => {
    const text = part.trim();
    const at = text.indexOf('=');
    if (text === '') return [];
    // RFC 6265bis section 5.7: without an equals sign it is a value without a name.
    if (at === -1) return [{ name: '', value: text, text }];
    return [{ name: text.slice(0, at).trim(), value: text.slice(at + 1).trim(), text }];
  });
}

/** Whether a cookie is the platform's, and none that a service set. */
export function isOwnCookie({ name }: Cookie): boolean {
  return OWN.test(name);
}
