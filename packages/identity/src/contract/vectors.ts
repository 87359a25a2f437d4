import { peerHeaders, type TestClaims, tokenHeaders } from '../testing.ts';
import type { HeaderLines } from './http.ts';
import { BUCKET, NOTES } from './routes.ts';

/** A request's headers, and the caller that every reader of them must see, in whatever language. */
export interface Vector {
  readonly name: string;
  readonly method: 'GET' | 'OPTIONS';
  readonly headers: HeaderLines;
  /** As this library reports it, or the code with which the request is refused. */
  readonly expected: { readonly caller: object } | { readonly error: string };
}

export const NOW = new Date('2026-01-01T00:00:00Z');
const now = NOW.getTime() / 1_000;
const GATEWAY = { trustDomain: 'cluster.local', namespace: 'istio-ingress', serviceAccount: 'public-istio' };

const claims = {
  iss: 'https://auth.example',
  sub: 'u1',
  aud: [NOTES],
  exp: now + 300,
  client_id: 'web',
  user: { id: 'u1', email: 'mia@example.org', roles: ['member', '会員'], roleList: 'member,会員' },
  services: { [NOTES]: { permissions: ['notes:read'] }, other: { permissions: ['notes:write'] } },
  session: { id: 's1', device: 'd1' },
} satisfies TestClaims;

const user = {
  kind: 'user',
  id: 'u1',
  issuer: 'https://auth.example',
  email: 'mia@example.org',
  roles: ['member', '会員'],
  permissions: ['notes:read'],
  session: { id: 's1', device: 'd1' },
};
const act = { sub: 'system:serviceaccount:shop:bucket', act: { sub: 'system:serviceaccount:shop:web' } };
const job = 'system:serviceaccount:shop:job';

const lines = (headers: Readonly<Record<string, string>>): HeaderLines => Object.entries(headers);
const token = (changes: Partial<TestClaims> = {}) => tokenHeaders({ ...claims, ...changes });
const { authorization, 'x-jwt-payload': payload } = token();
const raw = (segment: string) => ({ authorization: `Bearer e30.${segment}.c2ln`, 'x-jwt-payload': segment });
const [peer, gateway] = [peerHeaders(BUCKET), peerHeaders(GATEWAY)];
const xfcc = peer['x-forwarded-client-cert'];

type Row = readonly [name: string, headers: HeaderLines, expected: object | string];

const READ: readonly Row[] = [
  ['a user', lines(token()), user],
  ['a user behind the gateway', lines({ ...token(), ...gateway }), { ...user, peer: GATEWAY }],
  [
    'header names in capitals',
    [
      ['AUTHORIZATION', authorization],
      ['X-Jwt-Payload', payload],
    ],
    user,
  ],
  ['the word Service', lines({ ...token(), authorization: authorization.replace('Bearer', 'Service') }), user],
  [
    'a grant that has ended',
    lines(token({ services: { notes: { permissions: ['notes:read'], expires: now } } })),
    { ...user, permissions: [] },
  ],
  [
    'a grant that has not',
    lines(token({ services: { notes: { permissions: ['a'], expires: now + 1 } } })),
    { ...user, permissions: ['a'] },
  ],
  [
    'no grant at this service',
    lines(token({ services: { other: { permissions: ['x'] } } })),
    { ...user, permissions: [] },
  ],
  ['one audience as a text', lines(token({ aud: NOTES })), user],
  [
    'a user via a workload',
    lines({ ...token({ act }), ...peer }),
    { ...user, kind: 'userViaWorkload', actors: [act.sub, act.act.sub], peer: BUCKET },
  ],
  [
    'a workload with a token',
    lines(token({ sub: job, user: undefined, session: undefined })),
    { kind: 'workload', proof: 'token', id: job, issuer: claims.iss, permissions: ['notes:read'] },
  ],
  ['a workload by mTLS alone', lines(peer), { kind: 'workload', proof: 'mtls', id: act.sub, peer: BUCKET }],
  [
    'the last element of the certificate header',
    lines({ 'x-forwarded-client-cert': `${gateway['x-forwarded-client-cert']},${xfcc}` }),
    { kind: 'workload', proof: 'mtls', id: act.sub, peer: BUCKET },
  ],
  [
    'a certificate that names no workload',
    lines({ 'x-forwarded-client-cert': 'By=x;URI=https://example.org' }),
    { kind: 'anonymous' },
  ],
];

/** No verified token came with these, whatever they claim. */
const SPOOFED: readonly Row[] = (
  [
    ['no header', []],
    ['a payload without a token', [['x-jwt-payload', payload]]],
    ['a token without a payload', [['authorization', authorization]]],
    [
      "a payload that is not the token's",
      lines({ authorization, 'x-jwt-payload': token({ sub: 'u2' })['x-jwt-payload'] }),
    ],
    [
      'another word before the token',
      lines({ authorization: authorization.replace('Bearer', 'Basic'), 'x-jwt-payload': payload }),
    ],
    [
      'the word in lower case',
      lines({ authorization: authorization.replace('Bearer', 'bearer'), 'x-jwt-payload': payload }),
    ],
    ['text around the token', lines({ authorization: `Basic abc ${authorization}`, 'x-jwt-payload': payload })],
    [
      'two authorization headers',
      [
        ['authorization', authorization],
        ['authorization', authorization],
        ['x-jwt-payload', payload],
      ],
    ],
    [
      'two payloads',
      [
        ['authorization', authorization],
        ['x-jwt-payload', payload],
        ['x-jwt-payload', payload],
      ],
    ],
    ['names with underscores', lines({ authorization, x_jwt_payload: payload, x_user_id: 'u1' })],
    [
      'the other identity headers',
      lines({ 'x-user-id': 'u1', 'x-user-roles': 'admin', 'x-user-info': 'e30=', 'x-session-id': 's1' }),
    ],
    [
      'bytes that are no ASCII',
      lines({
        authorization: `${authorization}\u00e9`,
        'x-jwt-payload': `${payload}\u00e9`,
        'x-user-id': '\u00e3\u0083\u009f',
      }),
    ],
  ] as const
).map(([name, headers]) => [name, headers, { kind: 'anonymous' }] as const);

const base64url = (value: string | Uint8Array) => Buffer.from(value).toString('base64url');

const REFUSED: readonly Row[] = [
  ['another audience', lines(token({ aud: ['other'] })), 'audience_mismatch'],
  ['no audience', lines(raw(base64url(JSON.stringify({ ...claims, aud: undefined })))), 'audience_mismatch'],
  ['no subject', lines(token({ sub: undefined })), 'token_malformed'],
  ['no issuer', lines(token({ iss: undefined })), 'token_malformed'],
  ['a user that is a text', lines(token({ user: 'u1' })), 'token_malformed'],
  ['roles that are no texts', lines(token({ user: { id: 'u1', roles: ['a', 1] } })), 'token_malformed'],
  [
    'permissions that are an object',
    lines(token({ services: { notes: { permissions: { read: true } } } })),
    'token_malformed',
  ],
  ['a session without an id', lines(token({ session: {} })), 'token_malformed'],
  ['an actor without a subject', lines(token({ act: {} })), 'token_malformed'],
  [
    'an expiry that is a text',
    lines(token({ services: { notes: { permissions: [], expires: '1' } } })),
    'token_malformed',
  ],
  ['a payload that is a list', lines(raw(base64url('[]'))), 'token_malformed'],
  ['a payload that is no JSON', lines(raw(base64url('{"iss":'))), 'token_malformed'],
  ['a payload that is no UTF-8', lines(raw(base64url(Uint8Array.of(0x22, 0xff, 0x22)))), 'token_malformed'],
  ['a payload that is no canonical base64url', lines(raw('e31')), 'token_malformed'],
  [
    'a token of more than 16 KiB',
    lines(raw(base64url(JSON.stringify({ ...claims, x: 'x'.repeat(16_384) })))),
    'token_malformed',
  ],
  ['a certificate header outside its grammar', lines({ 'x-forwarded-client-cert': 'Subject="CN=a' }), 'unavailable'],
  [
    'a certificate header with two URIs',
    lines({ 'x-forwarded-client-cert': `${xfcc};URI=spiffe://cluster.local/ns/shop/sa/admin` }),
    'unavailable',
  ],
];

const PREFLIGHT: HeaderLines = [
  ['origin', 'https://evil.example'],
  ['access-control-request-method', 'GET'],
];

const vector = (method: Vector['method'], [name, headers, expected]: Row): Vector => ({
  name,
  method,
  headers,
  expected: typeof expected === 'string' ? { error: expected } : { caller: expected },
});

export const VECTORS: readonly Vector[] = [
  ...[...READ, ...SPOOFED, ...REFUSED].map((row) => vector('GET', row)),
  vector('OPTIONS', ['a CORS preflight', [...lines(token()), ...PREFLIGHT], { kind: 'anonymous' }]),
  vector('OPTIONS', ['a request for the options that is no preflight', lines(token()), user]),
];

/** What the examples in other languages are tested with. */
export function vectorsFile(): string {
  return `${JSON.stringify({ service: NOTES, now, vectors: VECTORS }, undefined, 2)}\n`;
}
