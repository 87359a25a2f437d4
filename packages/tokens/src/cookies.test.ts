import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BROWSER_COOKIE, foreignCookies, parseCookies } from './cookies.ts';

const name = fc.stringMatching(/^[!#$%&'*+.^`|~\w-]{1,20}$/);
/** RFC 6265 section 4.1.1, and what browsers send besides. */
const value = fc.stringMatching(/^[!-:<-~]([ -:<-~]{0,20}[!-:<-~])?$|^$/);

describe('the cookies of a header', () => {
  test('are those that were put into it, in their order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const header = pairs.map(([key, text]) => `${key}=${text}`).join('; ');
        expect(parseCookies(header).map((cookie) => [cookie.name, cookie.value])).toEqual(pairs);
      }),
    );
  });

  test('are found behind any other text', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(';', '; '), fc.string(), (before, between, after) => {
        const header = `${before}${between}${BROWSER_COOKIE}=v;${after}`;
        expect(parseCookies(header)).toContainEqual({ name: BROWSER_COOKIE, value: 'v' });
      }),
    );
  });

  test.each([
    ['in the value of another cookie', `theme=dark,${BROWSER_COOKIE}=planted`],
    ['in the value of another cookie, with a space', `theme=dark, ${BROWSER_COOKIE}=planted`],
    ['with a space before it that is none to browsers', `\u00a0${BROWSER_COOKIE}=planted`],
    ['with a space behind it that is none to browsers', `${BROWSER_COOKIE}\u00a0=planted`],
    ['in another case', `${BROWSER_COOKIE.toLowerCase()}=planted`],
    ['in quotes', `"${BROWSER_COOKIE}"=planted`],
  ])('are none that a browser lets a sibling host set: the name stands %s', (_, header) => {
    expect(parseCookies(header).map(({ name }) => name)).not.toContain(BROWSER_COOKIE);
  });

  test.each<[string | undefined, readonly string[]]>([
    [undefined, []],
    ['', []],
    [' ; ;', []],
    ['a=1; a=2', ['a', 'a']],
    ['a="1; b=2"', ['a', 'b']],
    ['=x; y', ['', '']],
    ['a = 1', ['a']],
  ])('%j', (header, names) => {
    expect(parseCookies(header).map((cookie) => cookie.name)).toEqual(names);
  });
});

describe('the cookies that are not the platform’s', () => {
  test('hold nothing of the platform, however it came', () => {
    const own = fc.constantFrom('', '__Host-', '__Secure-').map((prefix) => `${prefix}sekisho_session`);
    const part = fc.oneof(
      fc.string(),
      fc.tuple(own, fc.string()).map(([key, text]) => `${key}=${text}`),
    );
    fc.assert(
      fc.property(fc.array(part), fc.constantFrom(';', ',', ', ', ';\u00a0'), (parts, between) => {
        const header = parts.join(between);
        const left = foreignCookies(header) ?? header;
        expect(foreignCookies(left)).toBeUndefined();
        expect(parseCookies(left).some(({ name }) => /^(__Host-|__Secure-)?sekisho_/.test(name))).toBe(false);
      }),
    );
  });

  test('are left of several headers that became one', () => {
    const header = `a=1,2,${BROWSER_COOKIE}=v, __Host-sekisho_session=w; b=3`;
    expect(foreignCookies(header)).toBe('a=1,2; b=3');
  });

  test.each([
    [`${BROWSER_COOKIE}=x`, ''],
    ['__Host-sekisho_session.sig=x', ''],
    ['__Secure-sekisho_interaction=x', ''],
    ['sekisho_session =x', ''],
    ['\u00a0sekisho_session=x', ''],
    ['my_sekisho_session=x', undefined],
    ['__host-sekisho_session=x', undefined],
    ['theme="sekisho_x"; session=1', undefined],
  ])('of %j are %j', (header, left) => {
    expect(foreignCookies(header)).toBe(left);
  });
});
