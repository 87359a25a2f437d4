import { PUBLIC } from '../echo/echo.ts';

/** Spellings of `/echo/admin/x`, which only an administrator may reach. */
export const ADMIN_PATHS: readonly string[] = [
  '/echo/admin/x',
  '/echo/admin%2fx',
  '/echo/%61dmin/x',
  '/echo//admin/x',
  '//echo/admin/x',
  '///echo///admin///x',
  '/../echo/admin/x',
  '/%2e%2e/echo/admin/x',
  '/echo/.%2e/echo/admin/x',
  '/echo/public/../admin/x',
  '/echo/public/./../admin/x',
  '/echo/public/%2e%2e/admin/x',
  '/echo/public/%2E./admin/x',
  '/echo/public/..%2fadmin/x',
  '/echo/public/..%2Fadmin%2fx',
  '/echo/public/..%5cadmin/x',
  '/echo/public/..\\admin\\x',
  '/echo/public/..;/admin/x',
  '/echo/public/..;a=b/admin/x',
  '/echo/public/.;/../admin/x',
  '/echo/public/x%23/../../admin/x',
  '/echo/public/x%3f/../../admin/x',
  '/echo/public/../../echo/admin/x',
  '/echo/items/../admin/x',
  '/echo/items/..%2fadmin/x',
  '/echo/items%2f..%2fadmin%2fx',
  '/echo/admin/x?y=/echo/public',
  '/echo/admin/x#/echo/public',
  'http://edge.test/echo/admin/x',
  'http://edge.test/echo/public/../admin/x',
];

/** What is refused whoever asks, and how. */
export const REFUSED_PATHS: readonly (readonly [target: string, answer: string])[] = [
  // The gateway's Envoy makes `..;` of it, which the service's own would read as `..`.
  ['/echo/public/%2e%2e;/admin/x', '400 request_malformed'],
  ['/echo/public/x%00/../../admin/x', '400'],
  ['/echo/public/x\u0000/../../admin/x', '400'],
  ['/echo/public/\u00e9\u00ff', '400'],
  ['/echo/admin /x', '400'],
  ['/echo/admin\t/x', '400'],
  ['echo/admin/x', '400'],
  ['\\echo\\admin\\x', '400'],
  ['http:///echo/admin/x', '400'],
  ['ftp://edge.test/echo/admin/x', '400'],
  ['*', '400'],
  ['/ECHO/admin/x', '404'],
  ['/echo/Admin/x', '403 route_unknown'],
  ['/echo/admin;/x', '403 route_unknown'],
  ['/echo/admin;a=/echo/public', '403 route_unknown'],
  ['/echo/admin%20/x', '403 route_unknown'],
  ['/echo/admin%09/x', '403 route_unknown'],
];

/** What is open to everybody, and what the service is asked for then: an escape that is no dot or slash stays one. */
export const OPEN_PATHS: readonly (readonly [target: string, arrives: string])[] = [
  [`${PUBLIC}//../admin/x`, `${PUBLIC}/admin/x`],
  [`${PUBLIC}/x#/../../admin/x`, `${PUBLIC}/x`],
  [`${PUBLIC}/x?/../../admin/x`, `${PUBLIC}/x?/../../admin/x`],
  ['/echo/admin/x;/../../public', PUBLIC],
  ...[
    `${PUBLIC}/..%3b/admin/x`,
    `${PUBLIC}/%252e%252e/admin/x`,
    `${PUBLIC}/%252e%252e%252fadmin/x`,
    `${PUBLIC}/%c0%ae%c0%ae/admin/x`,
    `${PUBLIC}/%uff0e%uff0e/admin/x`,
    `${PUBLIC}/%c3%a9`,
    `${PUBLIC}/%`,
    `${PUBLIC}/%zz`,
  ].map((target) => [target, target] as const),
];
