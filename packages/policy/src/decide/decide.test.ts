import { describe, expect, test } from 'vitest';
import type { IssuerState } from '../compile/issuers.ts';
import { parseServiceAuthPolicy } from '../parse/service-auth-policy.ts';
import { issuerStates, policyOf } from '../testing/arbitraries.ts';
import { decide, prepareDecision } from './decide.ts';
import type { RequestIdentity } from './decision.ts';

const ISS = 'https://auth.sekisho.local';
const PARTNER = 'https://corporate.example/';
const rules = [
  {
    name: 'read',
    to: [{ methods: ['GET'], paths: ['/items/{*}'] }],
    allow: { permissions: { anyOf: ['items:read'] } },
  },
  {
    name: 'purge',
    to: [{ methods: ['DELETE'] }],
    allow: {
      permissions: { allOf: ['items:delete', 'items:write'] },
      roles: { anyOf: ['admin'] },
      callers: [{ namespace: 'istio-ingress', serviceAccount: 'public' }],
    },
  },
  { name: 'names', to: [{ paths: ['/names'] }], allow: { callers: [{ namespace: 'shop', serviceAccount: 'front' }] } },
  { name: 'health', to: [{ methods: ['GET'], paths: ['/healthz'] }], allow: { public: true } },
];

function prepare(change: Record<string, unknown> = {}, issuers: readonly IssuerState[] = issuerStates()) {
  const written = { selector: { matchLabels: { app: 'bucket' } }, issuers: ['platform'], rules, ...change };
  const parsed = parseServiceAuthPolicy(policyOf(written));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return prepareDecision(parsed.value, issuers, 'cluster.local');
}

function ask(method: string, path: string, identity: RequestIdentity, change?: Record<string, unknown>) {
  const prepared = prepare(change);
  if (!prepared.ok) throw new Error(prepared.refusal.message);
  return decide(prepared.policy, { method, path, port: 8080 }, identity);
}

const gateway = { trustDomain: 'cluster.local', namespace: 'istio-ingress', serviceAccount: 'public' };

/** What the issuers of these tests require is there. */
const OF_ACCESS = { client_id: 'v1', bucket: { typ: 'v1' } };

function holding(claims: Record<string, unknown>): RequestIdentity {
  const registered = { iss: ISS, sub: 'u1', aud: ['bucket'] };
  return { caller: gateway, token: { state: 'verified', claims: { ...registered, ...OF_ACCESS, ...claims } } };
}

function permitted(...permissions: string[]): RequestIdentity {
  return holding({ services: { bucket: { permissions } }, user: { roles: ['admin'] } });
}

function claimsOf({ token }: RequestIdentity): Record<string, unknown> {
  return token?.state === 'verified' ? token.claims : {};
}

describe('a request', () => {
  test('is allowed by the rule that it satisfies', () => {
    expect(ask('GET', '/items/1', permitted('items:read'))).toEqual({ allowed: true, rule: 'read' });
    expect(ask('DELETE', '/x', permitted('items:delete', 'items:write'))).toEqual({ allowed: true, rule: 'purge' });
    expect(ask('GET', '/healthz', {})).toEqual({ allowed: true, rule: 'health' });
  });

  test('that no rule names is told that its route is not known', () => {
    expect(ask('GET', '/items/1/2', permitted('items:read'))).toMatchObject({ allowed: false, code: 'route_unknown' });
    expect(ask('POST', '/healthz', {})).toMatchObject({ allowed: false, code: 'route_unknown' });
  });

  test('without a token is asked for one', () => {
    expect(ask('GET', '/items/1', { caller: gateway })).toMatchObject({ code: 'token_missing', rule: 'read' });
  });

  test('whose permissions do not reach is told which rule asks for which', () => {
    expect(ask('DELETE', '/x', permitted('items:delete'))).toEqual({
      allowed: false,
      code: 'permission_missing',
      rule: 'purge',
      why: ['rule purge: needs permission items:delete and items:write'],
    });
  });

  test('of a workload that is not among the callers is refused, whatever its trust domain claims to be', () => {
    const front = { namespace: 'shop', serviceAccount: 'front' };
    expect(ask('GET', '/names', { caller: { ...front, trustDomain: 'cluster.local' } })).toMatchObject({
      allowed: true,
    });
    expect(ask('GET', '/names', { caller: { ...front, trustDomain: 'other' } })).toMatchObject({
      code: 'caller_not_allowed',
      why: ['rule names: the direct caller must be shop/front'],
    });
  });

  test('over plaintext is refused where mutual TLS is required, also on public paths', () => {
    expect(ask('GET', '/healthz', {}, { mtls: 'Strict' })).toMatchObject({ code: 'caller_not_allowed' });
  });
});

describe('a token', () => {
  test('that does not count is refused with its code, also on public paths', () => {
    const expired = { caller: gateway, token: { state: 'refused', code: 'token_expired' } } as const;
    expect(ask('GET', '/healthz', expired)).toEqual({
      allowed: false,
      code: 'token_expired',
      why: ['the token is expired'],
    });
  });

  test('for another service is an audience mismatch', () => {
    expect(ask('GET', '/healthz', holding({ aud: 'user' }))).toMatchObject({ code: 'audience_mismatch' });
  });

  test('of an issuer that the policy does not name is invalid, though its signature verified', () => {
    expect(ask('GET', '/healthz', holding({ iss: PARTNER }))).toMatchObject({ code: 'token_invalid' });
    expect(ask('GET', '/healthz', holding({ iss: ['x'] }))).toMatchObject({ code: 'token_invalid' });
  });

  test('whose registered claims have other types is refused everywhere, also on public paths', () => {
    const wrong = { sub: [7, null], jti: [1], aud: [['bucket', 1], null], exp: ['9999999999', -1, 1e300], iat: [null] };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        expect(ask('GET', '/healthz', holding({ [name]: value }))).toMatchObject({ code: 'token_malformed' });
      }
    }
    expect(ask('GET', '/healthz', holding({ exp: 1_900_000_000.5, jti: 'x', aud: ['user', 'bucket'] }))).toMatchObject({
      allowed: true,
    });
  });

  test('counts for nothing in a CORS preflight, be it good or bad', () => {
    const prepared = prepare({
      rules: [...rules, { name: 'ask', to: [{ methods: ['OPTIONS'], paths: ['/open'] }], allow: { public: true } }],
    });
    if (!prepared.ok) throw new Error(prepared.refusal.message);
    const preflight = (path: string, identity: RequestIdentity) =>
      decide(prepared.policy, { method: 'OPTIONS', path, port: 8080, preflight: true }, identity);
    const expired = { caller: gateway, token: { state: 'refused', code: 'token_expired' } } as const;
    expect(preflight('/open', expired)).toEqual({ allowed: true, rule: 'ask' });
    expect(preflight('/items/1', permitted('items:read'))).toMatchObject({ allowed: false, code: 'route_unknown' });
    const [all] = [prepare({ rules: [{ name: 'all', allow: { authenticated: true } }] })];
    if (!all.ok) throw new Error(all.refusal.message);
    const asked = { method: 'OPTIONS', path: '/', port: 8080 };
    expect(decide(all.policy, asked, permitted())).toMatchObject({ allowed: true });
    expect(decide(all.policy, { ...asked, preflight: true }, permitted())).toMatchObject({ code: 'token_missing' });
  });

  test('without a subject of one line satisfies no rule that needs a token', () => {
    for (const subject of [{ sub: '' }, { sub: 'u1\nu2' }, { sub: 'u1\n' }, {}]) {
      const holder = { ...permitted('items:read') };
      const { sub: _, ...others } = claimsOf(holder);
      const token = { state: 'verified', claims: { ...others, ...subject } } as const;
      expect(ask('GET', '/items/1', { ...holder, token })).toMatchObject({ allowed: false, code: 'token_invalid' });
    }
  });

  test('without what its issuer requires is none where one is needed, whatever else it holds', () => {
    const authenticated = {
      rules: [...rules, { name: 'any', to: [{ methods: ['PUT'] }], allow: { authenticated: true } }],
    };
    const asked = (identity: RequestIdentity, method = 'PUT') => ask(method, '/healthz', identity, authenticated);
    expect(asked(permitted())).toMatchObject({ allowed: true });
    for (const client_id of [undefined, '', 7, [], ['']]) {
      expect(asked(holding({ client_id }))).toEqual({
        ...{ allowed: false, code: 'token_invalid', rule: 'any' },
        why: ['rule any: TokenIssuer platform needs claim client_id in each of its tokens'],
      });
    }
    expect(asked(holding({ client_id: ['', 'web'] }))).toMatchObject({ allowed: true });
    expect(asked(holding({ client_id: undefined }), 'GET')).toMatchObject({ allowed: true, rule: 'health' });
    expect(ask('GET', '/items/1', { ...holding({ client_id: '' }) })).toMatchObject({ code: 'token_invalid' });
  });

  test('without one of the values that its issuer requires is told of them, and of no other issuer', () => {
    const corporate = { issuers: ['corporate', 'platform'], rules: [{ name: 'any', allow: { authenticated: true } }] };
    const from = (claims: Record<string, unknown>) => ask('GET', '/', holding({ iss: PARTNER, ...claims }), corporate);
    expect(from({})).toMatchObject({ allowed: true });
    expect(from({ bucket: { typ: 'ID' } })).toMatchObject({
      code: 'token_invalid',
      why: ['rule any: TokenIssuer corporate needs claim bucket.typ v1 or v2 in each of its tokens'],
    });
    expect(from({ client_id: 'v2' })).toMatchObject({ allowed: false, code: 'token_invalid' });
  });

  test('is read by the claim paths of its own issuer; a scope is a list separated by spaces', () => {
    const scoped = holding({ iss: PARTNER, scope: 'items:read profile' });
    expect(ask('GET', '/items/1', scoped, { issuers: ['corporate'] })).toMatchObject({ allowed: true });
    expect(ask('GET', '/items/1', holding({ scope: 'items:read' }))).toMatchObject({ code: 'permission_missing' });
  });

  test('holds no permission through a list on the way, an inherited name or a number', () => {
    const claims = [{ services: [{ permissions: ['items:read'] }] }, { services: { bucket: { permissions: 7 } } }, {}];
    for (const each of claims) {
      expect(ask('GET', '/items/1', holding(each))).toMatchObject({ code: 'permission_missing' });
    }
    const inherited = [{ name: 'any', allow: { claims: [{ path: ['constructor', 'name'], anyOf: ['Object'] }] } }];
    expect(ask('GET', '/', holding({}), { rules: inherited })).toMatchObject({ code: 'permission_missing' });
  });
});

test('a policy whose issuers are not there decides nothing', () => {
  expect(prepare({}, [])).toMatchObject({ ok: false, refusal: { reason: 'IssuerNotFound' } });
});
