import fc from 'fast-check';
import { VALUES, weighted } from './alphabet.ts';
import { type Defect, SERVICE, type TriedToken } from './case.ts';
import { ISSUER_NAMES } from './issuers.ts';

const ODD_VALUES = [
  'v1 v2',
  ' v1  v2 ',
  'v1\tv2',
  '',
  'v1\n',
  7,
  true,
  null,
  ['v1 v2'],
  [1, 'v1', null],
  [['v1']],
  { v1: 'v1' },
];
const held = fc.oneof(
  weighted<unknown>(3, fc.constantFrom(...VALUES)),
  weighted<unknown>(2, fc.subarray(VALUES)),
  weighted<unknown>(1, fc.constantFrom<unknown>(...ODD_VALUES)),
);

/** Each issuer's claim paths are filled on their own, so that reading a token by the wrong ones shows. */
const placed = fc.record(
  {
    services: held.map((permissions) => ({ [SERVICE]: { permissions } })),
    scope: held,
    permission: held,
    [SERVICE]: held.map((roles) => ({ roles })),
    'https://claims.test/v1.0/roles': held,
    'https://claims.test/x': held,
    user: fc.oneof(
      weighted<unknown>(4, fc.record({ roles: held, tier: held }, { requiredKeys: [] })),
      weighted<unknown>(1, fc.constantFrom<unknown>([{ tier: 'v1', roles: ['v1'] }], 'v1')),
    ),
    'user.tier': held,
    a: fc.oneof(
      held.map((c) => ({ b: { c } })),
      held.map((c) => ({ b: [{ c }] })),
    ),
    groups: held,
  },
  { requiredKeys: [] },
);

const REGISTERED = {
  sub: ['', 'v1', 'a/b', '*', 'x\ny', '\u00fc'],
  aud: [SERVICE, [], ['other'], ['other', SERVICE], `${SERVICE} `, '', `other,${SERVICE}`],
} as const;
/** Not `iat`: a token of no known age is revoked with all that an earlier test revoked by date, at hops in preflights, too. */
const OF_OTHER_TYPES = [
  ...[{ sub: 7 }, { sub: null }, { aud: [1, SERVICE] }, { aud: null }, { jti: 1 }, { iat: 4e9 + 0.5 }],
  ...[{ exp: '9999999999' }, { exp: -1 }, { exp: null }, { exp: 0 }, { nbf: null }],
];
const registered = fc.oneof(
  weighted<object>(12, fc.constant({})),
  weighted<object>(1, fc.record({ sub: fc.constantFrom(...REGISTERED.sub) })),
  weighted<object>(1, fc.record({ aud: fc.constantFrom<unknown>(...REGISTERED.aud) })),
  weighted<object>(1, fc.constantFrom<object>(...OF_OTHER_TYPES)),
);

const ODDLY_SENT = [
  ...[
    ['Service T'],
    ['bearer T'],
    ['Basic x Bearer T'],
    ['Bearer  T'],
    ['Bearer\tT'],
    ['XBearer T'],
    ['Bearer ,T'],
    ['T'],
  ],
  ...[['Bearer "T"'], ['Basic x', 'Bearer T'], ['Bearer T', 'Basic x'], ['Bearer T', 'Bearer T']],
  ...[
    ['Service T', 'Bearer T'],
    ['bearer T', 'Service T'],
  ],
];
const sent = fc.oneof(weighted(4, fc.constant(['Bearer T'])), weighted(1, fc.constantFrom(...ODDLY_SENT)));

const DEFECTS: readonly Defect[] = [
  ...(['no exp', 'just expired', 'no kid', 'expired', 'not yet', 'foreign key'] as const),
  ...(['key of another issuer', 'unknown kid', 'no JWT', 'no signature'] as const),
];
const issuer = fc.constantFrom(...ISSUER_NAMES);
/** What issuers require: mostly as it should be, in some tokens other than that. */
const required = fc.oneof(
  weighted<object>(6, fc.constant({})),
  weighted<object>(1, fc.record({ client_id: held })),
  weighted<object>(1, fc.record({ typ: held })),
);
const claims = fc
  .tuple(placed, registered, required)
  .map(([one, ...others]): TriedToken['claims'] => Object.assign({ ...one }, ...others));
const kind = fc.constantFrom('access', 'access', 'access', 'id');

/** With one thing wrong at a time: which of two Envoy names first is nobody's business. */
export const token: fc.Arbitrary<TriedToken> = fc.oneof(
  weighted<TriedToken>(6, fc.record({ issuer, sent, claims, kind })),
  weighted<TriedToken>(1, fc.record({ issuer: fc.constant('stranger'), sent, claims: placed })),
  weighted<TriedToken>(2, fc.record({ issuer, sent, claims: placed, defect: fc.constantFrom(...DEFECTS) })),
);
