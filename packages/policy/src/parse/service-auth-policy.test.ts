import { describe, expect, test } from 'vitest';
import { LIMIT } from '../vocabulary.ts';
import { parseServiceAuthPolicy } from './service-auth-policy.ts';

const READ = { name: 'read', allow: { permissions: { anyOf: ['bucket:read'] } } };
const SPEC = { selector: { matchLabels: { app: 'bucket' } }, rules: [READ] };

function parse(spec: unknown, name = 'bucket') {
  return parseServiceAuthPolicy({ metadata: { name, namespace: 'shop' }, spec });
}

/** `path: code`, one line per problem. */
function refusals(spec: unknown, name?: string): readonly string[] {
  const result = parse(spec, name);
  return result.ok ? [] : result.problems.map(({ path, code }) => `${path}: ${code}`);
}

const withRule = (rule: object) => ({ ...SPEC, rules: [{ ...READ, ...rule }] });
const withAllow = (allow: object) => withRule({ allow });
const withPath = (path: string) => withRule({ to: [{ paths: [path] }] });

describe('a valid policy', () => {
  test('gets every default', () => {
    expect(parse(SPEC)).toMatchObject({
      ok: true,
      value: {
        apiVersion: 'auth.sekisho.dev/v1alpha1',
        kind: 'ServiceAuthPolicy',
        spec: { service: 'bucket', mode: 'Enforce', revocation: { check: 'Edge', whenUnavailable: 'Deny' } },
      },
    });
  });

  test('may spell the defaults out', () => {
    const spelled = {
      ...SPEC,
      service: 'files',
      mode: 'Enforce',
      revocation: { check: 'Edge', whenUnavailable: 'Deny' },
    };
    expect(parse(spelled)).toMatchObject({ ok: true, value: { spec: { service: 'files' } } });
  });
});

describe('an unknown field', () => {
  test('is refused where it stands, with the name that was probably meant', () => {
    const result = parse(withRule({ too: [{ methods: ['GET'] }] }));
    expect(result).toEqual({
      ok: false,
      problems: [
        { path: 'spec.rules[0].too', code: 'UnknownField', message: 'unknown field', hint: 'did you mean "to"?' },
      ],
    });
  });

  test.each([
    [{ ...SPEC, selecter: {} }, 'spec.selecter'],
    [{ ...SPEC, selector: { matchLabels: { app: 'x' }, matchExpressions: [] } }, 'spec.selector.matchExpressions'],
    [withAllow({ permissions: { anyOf: ['x'], noneOf: [] } }), 'spec.rules[0].allow.permissions.noneOf'],
    [
      withAllow({ callers: [{ namespace: 'a', serviceAccount: 'b', name: 'c' }] }),
      'spec.rules[0].allow.callers[0].name',
    ],
    [withRule({ to: [{ methods: ['GET'], hosts: ['x'] }] }), 'spec.rules[0].to[0].hosts'],
  ])('is refused at every depth: %#', (spec, path) => {
    expect(refusals(spec)).toContain(`${path}: UnknownField`);
  });
});

describe('the target', () => {
  test.each([
    ['neither selector nor targetRefs', { rules: [READ] }, 'spec.selector: Missing'],
    ['no labels', { ...SPEC, selector: { matchLabels: {} } }, 'spec.selector.matchLabels: OutOfBounds'],
    [
      'a wildcard label',
      { ...SPEC, selector: { matchLabels: { app: '*' } } },
      'spec.selector.matchLabels.app: BadValue',
    ],
    [
      'a key that is no label key',
      { ...SPEC, selector: { matchLabels: { 'a b': 'x' } } },
      'spec.selector.matchLabels["a b"]: BadValue',
    ],
  ])('is refused with %s', (_what, spec, refusal) => {
    expect(refusals(spec)).toEqual([refusal]);
  });

  test('excludes targetRefs beside a selector', () => {
    const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }];
    expect(refusals({ ...SPEC, targetRefs })).toContain('spec.targetRefs: Exclusive');
  });
});

test('Shadow is refused as Unsupported, never passed over', () => {
  expect(refusals({ ...SPEC, mode: 'Shadow' })).toEqual(['spec.mode: Unsupported']);
});

describe('a policy for Gateways', () => {
  const gateway = (name: string, more: object = {}) => ({
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    name,
    ...more,
  });
  const front = { targetRefs: [gateway('public')], rules: [READ] };
  const members = [{ name: 'members', allow: { roles: { anyOf: ['member'] } } }];

  test('asks for no revocation check unless it says so', () => {
    expect(parse(front)).toMatchObject({ ok: true, value: { spec: { revocation: { check: 'None' } } } });
    const edge = { ...front, rules: members, revocation: { check: 'Edge' } };
    expect(parse(edge)).toMatchObject({ ok: true, value: { spec: { revocation: { check: 'Edge' } } } });
  });

  test.each<[string, object, string]>([
    ['another kind', { targetRefs: [gateway('public', { kind: 'Service' })] }, 'spec.targetRefs[0].kind: BadValue'],
    ['another group', { targetRefs: [gateway('public', { group: '' })] }, 'spec.targetRefs[0].group: BadValue'],
    ['a namespace', { targetRefs: [gateway('a', { namespace: 'x' })] }, 'spec.targetRefs[0].namespace: UnknownField'],
    ['a Gateway twice', { targetRefs: [gateway('a'), gateway('b'), gateway('a')] }, 'spec.targetRefs[2]: Duplicate'],
    ['mtls', { mtls: 'Permissive' }, 'spec.mtls: Exclusive'],
    ['EveryHop', { revocation: { check: 'EveryHop' } }, 'spec.revocation.check: Exclusive'],
    ['Allow', { revocation: { whenUnavailable: 'Allow' } }, 'spec.revocation.whenUnavailable: Exclusive'],
    ['permissions at the edge', { revocation: { check: 'Edge' } }, 'spec.rules[0].allow.permissions: Exclusive'],
  ])('is refused with %s', (_what, spec, refusal) => {
    expect(refusals({ ...front, ...spec })).toEqual([refusal]);
  });
});

test.each([{ check: 'EveryHop' }, { whenUnavailable: 'Allow' }, { check: 'EveryHop', whenUnavailable: 'Allow' }])(
  'a policy for workloads takes revocation %j',
  (revocation) => {
    expect(refusals({ ...SPEC, revocation })).toEqual([]);
  },
);

describe('rules', () => {
  test.each([
    ['none', { ...SPEC, rules: [] }, 'spec.rules: OutOfBounds'],
    ['one name twice', { ...SPEC, rules: [READ, READ] }, 'spec.rules[1].name: Duplicate'],
    ['an empty `to`', withRule({ to: [] }), 'spec.rules[0].to: OutOfBounds'],
    ['an empty operation', withRule({ to: [{}] }), 'spec.rules[0].to[0]: Missing'],
    ['an empty list of methods', withRule({ to: [{ methods: [] }] }), 'spec.rules[0].to[0].methods: OutOfBounds'],
    ['a lower-case method', withRule({ to: [{ methods: ['get'] }] }), 'spec.rules[0].to[0].methods[0]: BadValue'],
    ['a wildcard method', withRule({ to: [{ methods: ['*'] }] }), 'spec.rules[0].to[0].methods[0]: BadValue'],
    ['port 0', withRule({ to: [{ ports: [0] }] }), 'spec.rules[0].to[0].ports[0]: OutOfBounds'],
    ['port 65536', withRule({ to: [{ ports: [65536] }] }), 'spec.rules[0].to[0].ports[0]: OutOfBounds'],
    ['half a port', withRule({ to: [{ ports: [80.5] }] }), 'spec.rules[0].to[0].ports[0]: WrongType'],
    ['nobody allowed', withAllow({}), 'spec.rules[0].allow: Missing'],
    [
      'public beside roles',
      withAllow({ public: true, roles: { anyOf: ['a'] } }),
      'spec.rules[0].allow.public: Exclusive',
    ],
    ['public: false', withAllow({ public: false }), 'spec.rules[0].allow.public: BadValue'],
    ['permissions without values', withAllow({ permissions: {} }), 'spec.rules[0].allow.permissions: Missing'],
    ['an empty anyOf', withAllow({ roles: { anyOf: [] } }), 'spec.rules[0].allow.roles.anyOf: OutOfBounds'],
    ['a wildcard role', withAllow({ roles: { anyOf: ['admin*'] } }), 'spec.rules[0].allow.roles.anyOf[0]: Wildcard'],
    [
      'a wildcard in allOf',
      withAllow({ roles: { allOf: ['a', '*'] } }),
      'spec.rules[0].allow.roles.allOf[1]: Wildcard',
    ],
    ['a control character', withAllow({ roles: { anyOf: ['a\nb'] } }), 'spec.rules[0].allow.roles.anyOf[0]: BadValue'],
    [
      'a bracket in a claim name',
      withAllow({ claims: [{ path: ['a[b]'], anyOf: ['x'] }] }),
      'spec.rules[0].allow.claims[0].path[0]: BadValue',
    ],
    [
      'a wildcard claim value',
      withAllow({ claims: [{ path: ['a'], anyOf: ['x*'] }] }),
      'spec.rules[0].allow.claims[0].anyOf[0]: Wildcard',
    ],
    [
      'a caller with a wildcard',
      withAllow({ callers: [{ namespace: '*', serviceAccount: 'a' }] }),
      'spec.rules[0].allow.callers[0].namespace: BadValue',
    ],
  ])('are refused with %s', (_what, spec, refusal) => {
    expect(refusals(spec)).toEqual([refusal]);
  });

  test('without a token are bounded together, because the guard is their complement', () => {
    const paths = (from: number) => Array.from({ length: LIMIT.paths }, (_, index) => `/p${from + index}`);
    const count = LIMIT.tokenlessPaths / LIMIT.paths + 1;
    const rules = Array.from({ length: count }, (_, index) => ({
      name: `r${index}`,
      to: [{ paths: paths(index * LIMIT.paths) }],
      allow: { public: true },
    }));
    expect(refusals({ ...SPEC, rules })).toEqual(['spec.rules: OutOfBounds']);
    expect(refusals({ ...SPEC, rules: rules.slice(1) })).toEqual([]);
  });
});

describe('a path', () => {
  test.each([
    '/',
    '/a',
    '/a*',
    '/a/*',
    '*.png',
    '/{*}',
    '/a/{*}/b',
    '/a/{*}/',
    '/{**}',
    "/a/$&'()+,;:@=~/{**}",
    '/100%25',
  ])('%s is taken', (path) => {
    expect(refusals(withPath(path))).toEqual([]);
  });

  test.each([
    ['*', 'Wildcard'],
    ['a', 'BadValue'],
    ['/a*b', 'Wildcard'],
    ['*a*', 'Wildcard'],
    ['/a**', 'Wildcard'],
    ['/a?b', 'BadValue'],
    ['/a b', 'BadValue'],
    ['/ä', 'BadValue'],
    ['/{id}', 'PathTemplate'],
    ['/a/{*}x', 'PathTemplate'],
    ['/{*}/*', 'PathTemplate'],
    ['/{**}/a', 'PathTemplate'],
    ['/a/{**}/', 'PathTemplate'],
    ['/{**}/{*}', 'PathTemplate'],
    ['a/{*}', 'PathTemplate'],
    ['//{*}', 'PathTemplate'],
  ])('%s is refused: %s', (path, code) => {
    expect(refusals(withPath(path))).toEqual([`spec.rules[0].to[0].paths[0]: ${code}`]);
  });
});

describe('names', () => {
  test('need an explicit service where metadata.name is no DNS label', () => {
    expect(refusals(SPEC, 'bucket.v2')).toEqual(['spec.service: Missing']);
    expect(refusals({ ...SPEC, service: 'bucket' }, 'bucket.v2')).toEqual([]);
  });

  test('of issuers are not repeated', () => {
    expect(refusals({ ...SPEC, issuers: ['a', 'b', 'a'] })).toEqual(['spec.issuers[2]: Duplicate']);
  });
});

test.each([null, undefined, 3, 'text', [], {}, { metadata: {} }, { metadata: { name: 'x' }, spec: [] }])(
  'what is no policy at all is refused without a throw: %j',
  (raw) => {
    expect(parseServiceAuthPolicy(raw).ok).toBe(false);
  },
);

test('another kind is refused', () => {
  const raw = { apiVersion: 'auth.sekisho.dev/v1alpha1', kind: 'TokenIssuer', metadata: { name: 'x' }, spec: SPEC };
  expect(parseServiceAuthPolicy(raw)).toMatchObject({ ok: false, problems: [{ path: 'kind' }] });
});
