import { CORS_KINDS, type CorsHeaders, type TriedPolicy, type TriedRequest } from './case.ts';

/** What two readings of a policy have differed on, or easily would. */
export interface Regression {
  readonly name: string;
  readonly policy: TriedPolicy;
  readonly requests: readonly TriedRequest[];
}

const ISSUER = 'differential-default';
const PUBLIC = { name: 'public', allow: { public: true } } as const;
const AUTHENTICATED = { name: 'authenticated', allow: { authenticated: true } } as const;
const TIER = { name: 'tier', allow: { claims: [{ path: ['user', 'tier'], anyOf: ['v1'] }] } };
const SCOPE = { name: 'scope', allow: { claims: [{ path: ['scope'], anyOf: ['v1'] }] } };

function under(...rules: TriedPolicy['rules']): TriedPolicy {
  return { rules, issuers: [ISSUER], mtls: 'Permissive', check: 'Edge' };
}

const GET = { method: 'GET', target: '/', port: 8080, caller: 'differential/front' } as const;

function holding(claims: object, sent: readonly string[] = ['Bearer T']): TriedRequest {
  return { ...GET, token: { issuer: ISSUER, sent, claims: { ...claims } } };
}

const ID_TOKEN: TriedRequest = { ...GET, token: { issuer: ISSUER, sent: ['Bearer T'], claims: {}, kind: 'id' } };

function preflight(cors: CorsHeaders, defect?: 'expired'): TriedRequest {
  return { ...GET, method: 'OPTIONS', cors, token: { issuer: ISSUER, sent: ['Bearer T'], claims: {}, defect } };
}

const LINES = ['alice', 'a/b', '*', ' ', '', 'a\n', '\na', 'a\nb', 'a\r', '\u2028'];
const CLIENT_IDS = [...LINES, [], [''], ['', 'x'], [7, 'x'], 7, true, null, {}];
const VALUES = [
  'v1',
  'v1 v2',
  ' v2  v1 ',
  'v1\tv2',
  'v1,v2',
  ['v1'],
  ['v1 v2'],
  [1, null, 'v1'],
  [['v1']],
  { v1: 'v1' },
  1,
  null,
];

export const EVERYTHING_PUBLIC = { policy: under(PUBLIC), request: GET };

const READINGS: readonly Regression[] = [
  {
    name: 'a token in a CORS preflight is none, good or bad',
    policy: under(AUTHENTICATED),
    requests: [...CORS_KINDS.map((cors) => preflight(cors)), { ...preflight('preflight'), method: 'GET' }],
  },
  {
    name: 'a CORS preflight with a bad token is open where no token is needed',
    policy: under(PUBLIC),
    requests: CORS_KINDS.map((cors) => preflight(cors, 'expired')),
  },
  {
    name: 'a token whose registered claims have other types is refused where none is needed',
    policy: under(PUBLIC),
    requests: [
      ...[{ sub: 7 }, { sub: null }, { jti: 1 }, { aud: null }, { aud: ['$service', 1] }, { exp: '9999999999' }],
      ...[
        { exp: -1 },
        { exp: 1e300 },
        { exp: null },
        { nbf: 'x' },
        { iat: {} },
        // A moment to come: what a test before revoked by date is older.
        { iat: 4e9 + 0.5 },
        { exp: 0 },
        { jti: 'x' },
      ],
    ].map((claims) => holding(claims)),
  },
  {
    name: 'the path is read as the mesh spells it',
    policy: under(PUBLIC),
    requests: [
      ...[
        '//',
        '///',
        '/%2f',
        '/a//b/',
        '/a/..;x/b',
        '/a/..;%00/b',
        '/a/%2e%2e;/b',
        '/a/..\\;/b',
        '/a%2f..%5cb',
        '/a/%2e',
      ],
      ...[
        '/%2%66',
        '/%%34%31',
        '/%%41',
        '/%%41b',
        '/%4%41',
        '/%25%32%66',
        '/a%00',
        '/a?%00',
        '/a|b"',
        '/%C3%BC',
        '/\u00fc',
      ],
      ...[
        '/a#b?c',
        '/a?b#c',
        'a',
        '\\a',
        'http://other.test',
        'http://other.test/a//b',
        '/a/b//../c',
        '/../a',
        '/.;..',
      ],
    ].map((target) => ({ ...GET, target })),
  },
  {
    name: 'a token is looked for anywhere in Authorization, after a prefix in its own case',
    policy: under(AUTHENTICATED),
    requests: [
      ...[
        ['Bearer T'],
        ['Service T'],
        ['bearer T'],
        ['Basic x Bearer T'],
        ['XBearer T'],
        ['Bearer  T'],
        ['Bearer\tT'],
        ['T'],
      ],
      ...[
        ['Bearer "T"'],
        ['Bearer T,x'],
        ['Bearer T', 'Bearer T'],
        ['Bearer T', 'Basic x'],
        ['Basic x', 'Bearer T'],
        [''],
      ],
      ...[
        ['Service T', 'Bearer T'],
        ['Bearer T', 'Service T'],
        ['bearer T', 'Service T'],
        ['Service Bearer T'],
        ['Bearer'],
      ],
    ].map((sent) => holding({}, sent)),
  },
  {
    name: 'a claim is a text or the texts of a list',
    policy: under(TIER),
    requests: [
      ...VALUES.map((tier) => holding({ user: { tier } })),
      holding({ 'user.tier': 'v1' }),
      holding({ user: [{ tier: 'v1' }] }),
    ],
  },
  {
    name: 'scope is a list that spaces separate',
    policy: under(SCOPE),
    requests: VALUES.map((scope) => holding({ scope })),
  },
  {
    name: 'a subject is one line of text that is not empty',
    policy: under(AUTHENTICATED),
    requests: LINES.map((sub) => holding({ sub })),
  },
  {
    name: 'a token without what its issuer requires is none, and hinders nothing where none is needed',
    policy: under({ ...AUTHENTICATED, to: [{ paths: ['/'] }] }, { ...PUBLIC, to: [{ paths: ['/open'] }] }),
    requests: [ID_TOKEN, ...CLIENT_IDS.map((client_id) => holding({ client_id }))].flatMap((request) => [
      request,
      { ...request, target: '/open' },
    ]),
  },
];

/** Each of them with the guard asked in front of the workload, too. */
export const REGRESSIONS: readonly Regression[] = READINGS.flatMap((regression) => [
  regression,
  {
    ...regression,
    name: `${regression.name}, also at a hop`,
    policy: { ...regression.policy, check: 'EveryHop' },
  },
]);
