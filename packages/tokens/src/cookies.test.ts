import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BROWSER_COOKIE, isOwnCookie, parseCookies } from './cookies.ts';

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
      fc.property(fc.string(), fc.constantFrom(';', '; ', ',', ', '), fc.string(), (before, between, after) => {
        const header = `${before}${between}${BROWSER_COOKIE}=v;${after}`;
        expect(parseCookies(header)).toContainEqual(expect.objectContaining({ name: BROWSER_COOKIE, value: 'v' }));
      }),
    );
  });

  test('put together again hold nothing of the platform once those of the platform are left out', () => {
    const own = fc.constantFrom('', '__Host-', '__Secure-').map((prefix) => `${prefix}sekisho_session`);
    const part = fc.oneof(
      fc.string(),
      fc.tuple(own, fc.string()).map(([key, text]) => `${key}=${text}`),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const left = parseCookies(parts.join(';')).filter((cookie) => !isOwnCookie(cookie));
        const again = parseCookies(left.map(({ text }) => text).join('; '));
        expect(again).toEqual(left);
        expect(again.some(isOwnCookie)).toBe(false);
      }),
    );
  });

  test('of several headers that became one are found, if they are ours', () => {
    const header = `a=1,2,${BROWSER_COOKIE}=v, __Host-sekisho_session=w; b=3`;
    expect(parseCookies(header).map(({ text }) => text)).toEqual([
      'a=1,2',
      `${BROWSER_COOKIE}=v`,
      '__Host-sekisho_session=w',
      'b=3',
    ]);
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

test.each([
  [BROWSER_COOKIE, true],
  ['__Host-sekisho_session.sig', true],
  ['__Secure-sekisho_interaction', true],
  ['sekisho_session', true],
  ['my_sekisho_session', false],
  ['__host-sekisho_session', false],
  ['session', false],
])('whether %s is the platform’s own: %s', (cookie, own) => {
  expect(parseCookies(`${cookie}=x`).map(isOwnCookie)).toEqual([own]);
});
