import fc from 'fast-check';
import type { IssuerState } from '../compile/issuers.ts';
import type { Mesh } from '../mesh/capability.ts';
import type { PublicJwk } from '../parse/jwks.ts';
import type { RawObject } from '../resources.ts';
import type { Allow, Operation, PolicyRule, ServiceAuthPolicySpec } from '../schema/service-auth-policy.ts';
import type { TokenIssuerSpec } from '../schema/token-issuer.ts';
import { GATEWAY, PROVIDER } from '../vocabulary.ts';
import type { TestRequest, TestToken } from './request.ts';

interface KnownIssuer {
  readonly name: string;
  readonly iss: string;
  readonly kids: readonly string[];
}

/** A mesh with the guard in both places. */
export const MESH: Mesh = {
  trustDomain: 'cluster.local',
  rootNamespace: 'istio-system',
  config: {
    trustDomain: 'cluster.local',
    rootNamespace: 'istio-system',
    providers: Object.values(PROVIDER).map((name) => ({ name, failOpen: false, timeout: '0.25s' })),
    normalizesPaths: true,
  },
};

/** Small alphabets, so that policies and requests meet often. */
export const SERVICE = 'bucket';
const METHODS = ['GET', 'POST', 'DELETE'];
const PORTS = [80, 8080, 9090];
const PATTERNS = ['/', '/a', '/a*', '/a/*', '*.png', '/a/{*}', '/a/{**}', '/{*}/b', '/{**}', '/a/{*}/c', '/healthz'];
const PATHS = [
  '/',
  '/a',
  '/ab',
  '/a/',
  '/a/b',
  '/a/b/c',
  '/b/b',
  '/x.png',
  '/a/x.png',
  '/a/b=c',
  '/a/b*',
  '/a/b|c',
  '/a//c',
  '/healthz',
  '*',
];
const VALUES = ['v1', 'v2', 'v3'];
const CALLERS = ['front', 'back'].map((serviceAccount) => ({ namespace: 'shop', serviceAccount }));

export const ISSUERS: readonly KnownIssuer[] = [
  {
    name: 'platform',
    iss: 'https://auth.sekisho.local',
    kids: ['p1', 'p2'],
  },
  {
    name: 'corporate',
    iss: 'https://corporate.example/',
    kids: ['c1'],
  },
];

/** One requires a claim to be there, the other one some values of it; both have claim paths of their own. */
const READ_BY: Readonly<Record<string, Partial<TokenIssuerSpec>>> = {
  platform: { requiredClaims: [{ path: ['client_id'] }] },
  corporate: {
    permissions: ['scope'],
    roles: ['{service}', 'roles'],
    requiredClaims: [
      { path: ['{service}', 'typ'], anyOf: ['v1', 'v2'] },
      { path: ['client_id'], anyOf: ['v1', 'v3'] },
    ],
  },
};

const some = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const maybe = <T, K extends string>(key: K, value: fc.Arbitrary<T>) =>
  fc
    .option(value, { nil: undefined })
    .map((chosen) => (chosen === undefined ? {} : { [key]: chosen })) as fc.Arbitrary<{
    readonly [name in K]?: T;
  }>;
const merged = <T extends object>(...parts: readonly fc.Arbitrary<Partial<T>>[]) =>
  fc.tuple(...parts).map((chosen) => Object.assign({}, ...chosen) as Partial<T>);

export const operation: fc.Arbitrary<Operation> = merged<Operation>(
  maybe('methods', some(METHODS)),
  maybe('paths', some(PATTERNS)),
  maybe('ports', some(PORTS)),
).filter((chosen) => Object.keys(chosen).length > 0);

const valueSet = merged<NonNullable<Allow['permissions']>>(
  maybe('anyOf', some(VALUES)),
  maybe('allOf', some(VALUES)),
).filter((chosen) => Object.keys(chosen).length > 0);

const claim = fc.record({ path: fc.constantFrom<string[]>(['user', 'tier'], ['region']), anyOf: some(VALUES) });

const restricted = merged<Allow>(
  maybe('authenticated', fc.constant(true as const)),
  maybe('permissions', valueSet),
  maybe('roles', valueSet),
  maybe('callers', some(CALLERS)),
  maybe('claims', fc.array(claim, { minLength: 1, maxLength: 2 })),
).filter((chosen) => Object.keys(chosen).length > 0);

const allow: fc.Arbitrary<Allow> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ public: true as const }) },
  { weight: 1, arbitrary: some(CALLERS).map((callers) => ({ callers })) },
  { weight: 3, arbitrary: restricted },
);

const rules: fc.Arbitrary<PolicyRule[]> = fc
  .array(
    fc
      .tuple(fc.option(fc.array(operation, { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 6 }), allow)
      .map(([to, granted]) => (to === undefined ? { allow: granted } : { to, allow: granted })),
    { minLength: 1, maxLength: 5 },
  )
  .map((list) => list.map((rule, index) => ({ name: `rule-${index}`, ...rule })));

const issuers = fc.subarray(
  ISSUERS.map(({ name }) => name),
  { minLength: 1 },
);

/** A valid spec for `app: bucket` that uses one issuer or both. */
const workloadSpec: fc.Arbitrary<ServiceAuthPolicySpec> = fc
  .tuple(
    rules,
    issuers,
    merged<ServiceAuthPolicySpec>(
      maybe('mtls', fc.constantFrom('Strict' as const, 'Permissive' as const)),
      maybe('revocation', fc.constantFrom({ check: 'EveryHop' as const }, { whenUnavailable: 'Allow' as const })),
    ),
  )
  .map(([list, names, rest]) => ({
    selector: { matchLabels: { app: SERVICE } },
    issuers: names,
    rules: list,
    ...rest,
  }));

/** The same for the Gateway `public`; where the guard exchanges tokens, no rule asks for permissions. */
const gatewaySpec: fc.Arbitrary<ServiceAuthPolicySpec> = fc
  .tuple(rules, issuers, fc.boolean())
  .map(([list, names, edge]) => ({
    targetRefs: [{ group: GATEWAY.group, kind: GATEWAY.kind, name: 'public' }],
    issuers: names,
    rules: edge ? list.map(withoutPermissions) : list,
    ...(edge && { revocation: { check: 'Edge' as const } }),
  }));

function withoutPermissions({ allow: { permissions, ...others }, ...rule }: PolicyRule): PolicyRule {
  return { ...rule, allow: Object.keys(others).length === 0 ? { authenticated: true } : others };
}

export const spec: fc.Arbitrary<ServiceAuthPolicySpec> = fc.oneof(workloadSpec, gatewaySpec);

/** Two specs for one target: a policy before and after a change. */
export const change: fc.Arbitrary<readonly [ServiceAuthPolicySpec, ServiceAuthPolicySpec]> = fc.oneof(
  fc.tuple(workloadSpec, workloadSpec),
  fc.tuple(gatewaySpec, gatewaySpec),
);

const values = fc.oneof(fc.constantFrom(...VALUES, 'v1 v3'), fc.subarray(VALUES), fc.constant(7));

/** Of what an issuer requires: mostly what its access tokens have, and else what id tokens may have in its place. */
const required = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>('v1', 'v2', ['v3', 'v1']) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(undefined, '', 'v3', 7, [], [''], 'v1 v2', '\n') },
);

/** Each issuer's claim paths are filled on their own, so that reading a token by the wrong ones shows. */
const claims = fc
  .record({
    ...{ permissions: values, scope: values, roles: values, corporateRoles: values, tier: values, region: values },
    ...{ client_id: required, typ: required },
  })
  .map(({ client_id, typ, ...held }) => ({
    client_id,
    services: { [SERVICE]: { permissions: held.permissions } },
    scope: held.scope,
    user: { roles: held.roles, tier: held.tier },
    region: held.region,
    [SERVICE]: { roles: held.corporateRoles, typ },
  }));

const token: fc.Arbitrary<TestToken> = fc.record({
  iss: fc.constantFrom(...ISSUERS.map(({ iss }) => iss), 'https://stranger.example'),
  kid: fc.constantFrom('p1', 'p2', 'c1'),
  sub: fc.constantFrom('alice', 'alice', 'a/b', ''),
  aud: fc.constantFrom([SERVICE], [SERVICE], ['user', SERVICE], ['user']),
  claims,
  revoked: fc.boolean(),
});

export const request: fc.Arbitrary<TestRequest> = merged<TestRequest>(
  fc.record({
    method: fc.constantFrom(...METHODS, 'PUT'),
    path: fc.constantFrom(...PATHS),
    port: fc.constantFrom(...PORTS, 3000),
  }),
  maybe('caller', fc.constantFrom(...CALLERS, { namespace: 'other', serviceAccount: 'front' })),
  maybe('token', token),
).map((chosen) => chosen as TestRequest);

/** The TokenIssuers as the API server would give them, with these of their keys. */
export function issuerStates(kids: readonly string[] = ['p1', 'p2', 'c1']): readonly IssuerState[] {
  return ISSUERS.map(({ name, iss, kids: own }) => ({
    issuer: {
      metadata: { name },
      spec: {
        issuer: iss,
        jwksUri: 'https://keys.example/jwks.json',
        ...READ_BY[name],
      },
    },
    jwks: { keys: own.filter((kid) => kids.includes(kid)).map(key) },
  }));
}

function key(kid: string): PublicJwk {
  return { kty: 'EC', crv: 'P-256', kid, use: 'sig', x: 'x'.repeat(43), y: 'y'.repeat(43) };
}

export function policyOf(written: unknown, name = SERVICE): RawObject {
  const metadata = { name, namespace: 'shop', uid: `uid-${name}`, generation: 1 };
  return { metadata: { ...metadata, creationTimestamp: '2026-01-01T00:00:00Z' }, spec: written };
}
