import { describe, expect, test } from 'vitest';
import { parseServiceAuthPolicy } from '../parse/service-auth-policy.ts';
import { parseTokenIssuer } from '../parse/token-issuer.ts';
import type { PolicyRule } from '../schema/service-auth-policy.ts';
import { issuerAdvice, missingIssuers } from './issuer-advice.ts';
import { policyAdvice } from './policy-advice.ts';

const read: PolicyRule = {
  name: 'read',
  to: [{ methods: ['GET'], paths: ['/items', '/items/{**}'] }],
  allow: { permissions: { anyOf: ['bucket:read'] } },
};

function policy(rules: readonly PolicyRule[], spec: object = {}) {
  const selector = { matchLabels: { app: 'bucket' } };
  const parsed = parseServiceAuthPolicy({ metadata: { name: 'bucket' }, spec: { selector, rules, ...spec } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

function issuer(name: string, spec: object = {}) {
  const jwksUri = 'https://idp.example/jwks';
  const parsed = parseTokenIssuer({ metadata: { name }, spec: { issuer: 'https://idp.example', jwksUri, ...spec } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

const paths = (rules: readonly PolicyRule[], spec?: object) =>
  policyAdvice(policy(rules, spec)).map(({ path, message }) => `${path} ${message}`);

describe('policyAdvice', () => {
  test('is silent on a policy that names methods and paths', () => {
    expect(paths([read])).toEqual([]);
  });

  test('asks about a public rule without to', () => {
    expect(paths([{ name: 'open', allow: { public: true } }, read])).toEqual([
      'spec.rules[0] opens every request to everybody, and the other rules mean nothing',
    ]);
  });

  test('asks about a rule for every request, and about every method of a path', () => {
    const all: PolicyRule = { name: 'all', allow: { authenticated: true } };
    const anyMethod: PolicyRule = { ...read, to: [{ paths: ['/items'] }] };
    expect(paths([all, { ...anyMethod, name: 'any' }])).toEqual([
      'spec.rules[0] applies to every method and path, also to those added later',
      'spec.rules[1].to[0] allows every method, DELETE too',
    ]);
  });

  test('asks about a public operation on every path', () => {
    expect(paths([{ name: 'open', to: [{ methods: ['GET'] }], allow: { public: true } }])).toEqual([
      'spec.rules[0].to[0] is public on every path',
    ]);
  });

  test.each([
    ['/admin*', ['spec.rules[0].to[0].paths[0] matches whatever begins with /admin, such as /admin-other']],
    ['/admin/*', []],
    ['/admin/{**}', []],
    ['/a%7Cb', []],
    ['/a|b', ['spec.rules[0].to[0].paths[0] is never met, because the mesh spells it in another way']],
    ['/a/%2e%2e/b', ['spec.rules[0].to[0].paths[0] is never met, because the mesh spells it in another way']],
    ['/a%00', ['spec.rules[0].to[0].paths[0] is no path that the mesh takes']],
    ['*.png', []],
    ['/admin', []],
  ])('on the path %s', (pattern, expected) => {
    expect(paths([{ ...read, to: [{ methods: ['GET'], paths: [pattern] }] }])).toEqual(expected);
  });

  test('asks about callers where plaintext is let in', () => {
    const callers = [{ namespace: 'shop', serviceAccount: 'bucket' }];
    const rules: PolicyRule[] = [read, { ...read, name: 'callers', allow: { callers } }];
    expect(paths(rules, { mtls: 'Strict' })).toEqual([]);
    expect(paths(rules, { mtls: 'Permissive' })).toEqual([
      'spec.mtls lets plaintext in, which has no identity for spec.rules[1].allow.callers to match',
    ]);
  });
});

describe('missingIssuers', () => {
  const known = [{ name: 'platform', issuer: 'https://auth.example', isDefault: false }];

  test('names each issuer that does not exist', () => {
    const advice = missingIssuers(policy([read], { issuers: ['platform', 'partner'] }), known);
    expect(advice).toMatchObject([
      { path: 'spec.issuers[1]', message: 'names the TokenIssuer partner, which does not exist yet' },
    ]);
  });

  test('misses a default for a policy that names none', () => {
    expect(missingIssuers(policy([read]), known)).toMatchObject([{ path: 'spec.issuers' }]);
    expect(missingIssuers(policy([read]), [{ name: 'a', issuer: 'https://auth.example', isDefault: true }])).toEqual(
      [],
    );
  });
});

describe('issuerAdvice', () => {
  const platform = { name: 'platform', issuer: 'https://auth.example', isDefault: true };

  test('tells of another default and of another issuer with the same iss', () => {
    const twin = issuer('partner', { issuer: platform.issuer, default: true });
    expect(issuerAdvice(twin, [platform]).map(({ path }) => path)).toEqual(['spec.issuer', 'spec.default']);
  });

  test('tells of inline keys that are passed over', () => {
    const usable = { kty: 'OKP', crv: 'Ed25519', kid: 'k1', x: 'x'.repeat(43) };
    const advice = issuerAdvice(
      issuer('partner', { jwksUri: undefined, jwks: { keys: [usable, { ...usable, kid: 'k2', use: 'enc' }] } }),
      [],
    );
    const message = 'holds keys that verify no token and are passed over: 1 not for signatures';
    expect(advice).toMatchObject([{ path: 'spec.jwks', message }]);
  });

  test('does not take an issuer for its own rival', () => {
    expect(issuerAdvice(issuer('platform', { issuer: platform.issuer, default: true }), [platform])).toEqual([]);
  });
});
