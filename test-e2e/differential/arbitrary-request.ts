import fc from 'fast-check';
import { IDENTITIES, METHODS, weighted, words } from './alphabet.ts';
import { token } from './arbitrary-token.ts';
import { CORS_KINDS, type TriedRequest } from './case.ts';
import { PORTS } from './workload.ts';

const PATHS = words('/ /a /A /a/ /ab /a/b /a/b/c /b/b /a/x.png /a;x=1 /a/%C3%BC /a%7Cb /a//c');
const TAILS = ['', '', '', '', '?q=/a/b', '?', '#/a', '?x#y', '/', '?access_token=x', '%20'];
const PIECES = words(`
  / / / /a /b /a/b /c /A // a b . .. /. /.. .png ; ..;x .; * | %7C {*} " ^ ~ %7e = @ : [ + \u00fc \u0000
  %2f %2F %5c \\ %2e %2E %61 %41 %00 % %2 %25 %252f %3b %c3%bc %C3%BC %zz %20
`);

/** Request targets as no tidy client sends them. */
export const target: fc.Arbitrary<string> = fc.oneof(
  weighted(
    3,
    fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom(...TAILS)).map((parts) => parts.join('')),
  ),
  weighted(
    2,
    fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`),
  ),
  weighted(1, fc.constantFrom('http://other.test/a', 'http://other.test', 'a', '//a')),
);

const known = IDENTITIES.slice(0, 2);

export const request: fc.Arbitrary<TriedRequest> = fc.record(
  {
    method: fc.constantFrom(...METHODS, 'GET', 'GET', 'OPTIONS', 'PUT', 'PATCH'),
    target,
    port: fc.constantFrom(...PORTS.map(({ number }) => number)),
    caller: fc.option(fc.constantFrom(...IDENTITIES, ...known, ...known), { nil: undefined, freq: 8 }),
    token: fc.option(token, { nil: undefined, freq: 5 }),
    cors: fc.option(fc.constantFrom(...CORS_KINDS, 'preflight'), { nil: undefined, freq: 3 }),
  },
  { requiredKeys: ['method', 'target', 'port'] },
);
