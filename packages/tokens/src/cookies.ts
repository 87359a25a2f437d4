/**
 * What stands for a user's session in a browser. With this prefix neither a sibling host nor plain HTTP can set it, and it is
 * sent to its own host alone (RFC 6265bis section 4.1.3.2).
 */
export const BROWSER_COOKIE = '__Host-sekisho_browser';

export interface Cookie {
  readonly name: string;
  readonly value: string;
}

/** Of the auth service's pages and of this platform's sessions: nobody else sets cookies of these names. */
const OWN = /^(?:__Host-|__Secure-)?sekisho_[^=]*=/;
/** Of several headers Envoy makes one, by commas, when it asks about a request. */
const ANYWHERE = /;|,(?=\s*(?:__Host-|__Secure-)?sekisho_)/;
/** RFC 6265bis section 5.6: these a browser leaves out, and keeps what is a space by any other standard as part of a name. */
const SPACES = ' \t';

/**
 * The cookies of a `Cookie` header, in the order in which they stand there, each as often as it came (RFC 6265 section 4.2.1).
 * As browsers read them and no other way: a name in the value of another cookie, behind a comma, a quote or a no-break space, is one
 * that a sibling host may set, and of which no prefix keeps it.
 */
export function parseCookies(header: string | undefined): readonly Cookie[] {
  return (header ?? '').split(';').flatMap((part) => {
    const text = trimmed(part);
    const at = text.indexOf('=');
    if (text === '') return [];
    // RFC 6265bis section 5.7: without an equals sign it is a value without a name.
    if (at === -1) return [{ name: '', value: text }];
    return [{ name: trimmed(text.slice(0, at)), value: trimmed(text.slice(at + 1)) }];
  });
}

/** In one pass: an expression would look at each of many spaces many times. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && SPACES.includes(text.charAt(start))) start += 1;
  while (end > start && SPACES.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/**
 * A `Cookie` header without the platform's own cookies; undefined where it has none of them. Whatever anybody might read as one of them is
 * taken out, also what `parseCookies` does not.
 */
export function foreignCookies(header: string): string | undefined {
  const all = header.split(ANYWHERE).map((part) => part.trim());
  const others = all.filter((text) => !OWN.test(text));
  return others.length === all.length ? undefined : others.filter((text) => text !== '').join('; ');
}
