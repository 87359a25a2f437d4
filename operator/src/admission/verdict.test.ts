import { generateKeyPairSync } from 'node:crypto';
import type { KubeObject } from '@sekisho/kube';
import { describe, expect, test } from 'vitest';
import { publicJwk } from '../testing/keys.ts';
import { serviceAuthPolicy, tokenIssuer } from '../testing/objects.ts';
import type { AdmissionRequest } from './request.ts';
import { judge, type Known } from './verdict.ts';

const known: Known = {
  issuers: [{ name: 'platform', issuer: 'https://auth.example', isDefault: true }],
  namesakes: () => [],
  rootNamespace: 'istio-system',
};

function request(object: KubeObject, change: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const kind = { group: 'auth.sekisho.dev', version: 'v1alpha1', kind: object.kind };
  const { namespace } = object.metadata;
  const place = namespace === undefined ? {} : { namespace };
  return { uid: 'u1', kind, ...place, operation: 'CREATE', object, oldObject: null, ...change };
}

function problemPaths(object: KubeObject, change?: Partial<AdmissionRequest>) {
  const verdict = judge(request(object, change), known);
  return verdict.allowed ? [] : verdict.problems.map(({ path }) => path);
}

const broken = serviceAuthPolicy('bucket', { rulez: [] });

describe('a policy', () => {
  test('that is fine passes in silence', () => {
    expect(judge(request(serviceAuthPolicy('bucket')), known)).toMatchObject({
      allowed: true,
      advice: [],
    });
  });

  test('is refused with the path of every problem', () => {
    const rules = [{ name: 'read', too: [], allow: { permissions: { any: ['bucket:read'] } } }];
    expect(problemPaths(serviceAuthPolicy('bucket', { rules }))).toEqual([
      'spec.rules[0].too',
      'spec.rules[0].allow.permissions.any',
    ]);
  });

  test('in the root namespace is refused, for it would reach every namespace', () => {
    const policy = serviceAuthPolicy('bucket');
    const misplaced = { ...policy, metadata: { ...policy.metadata, namespace: 'istio-system' } };
    expect(judge(request(misplaced), known)).toMatchObject({
      allowed: false,
      problems: [{ path: 'metadata.namespace', code: 'RootNamespace' }],
    });
  });

  test('that names an issuer which is not there passes with advice, once issuers are known', () => {
    const policy = serviceAuthPolicy('bucket', { issuers: ['partner'] });
    expect(judge(request(policy), known)).toMatchObject({ allowed: true, advice: [{ path: 'spec.issuers[0]' }] });
    expect(judge(request(policy), { ...known, issuers: undefined })).toEqual({ allowed: true, advice: [] });
  });
});

describe('the name of a service', () => {
  const inOther = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, namespace: 'other' },
  });
  const namesakes = () => [inOther(serviceAuthPolicy('bucket'))];

  test('that a policy of another namespace has is refused, naming that one', () => {
    const verdict = judge(request(serviceAuthPolicy('bucket')), { ...known, namesakes });
    expect(verdict).toMatchObject({
      allowed: false,
      problems: [{ path: 'spec.service', code: 'NameTaken', message: expect.stringContaining('other/bucket') }],
    });
  });

  test('does not hold up a policy that had it before', () => {
    const change = { operation: 'UPDATE' as const, oldObject: serviceAuthPolicy('bucket') };
    const changed = serviceAuthPolicy('bucket', { mtls: 'Strict' });
    expect(judge(request(changed, change), { ...known, namesakes }).allowed).toBe(true);
  });
});

describe('an issuer', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  test('with a private key is refused, and the answer does not repeat it', () => {
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'k2' };
    const verdict = judge(request(tokenIssuer('platform', { jwks: { keys: [publicJwk('k1'), jwk] } })), known);
    expect(verdict).toMatchObject({ allowed: false, problems: [{ path: 'spec.jwks.keys[1]', code: 'PrivateKey' }] });
    expect(JSON.stringify(verdict)).not.toContain(String(jwk.d));
  });

  test('with a symmetric key is refused', () => {
    const jwks = { keys: [{ kty: 'oct', kid: 'k1', k: 'c2VjcmV0' }] };
    expect(problemPaths(tokenIssuer('platform', { jwks }))).toContain('spec.jwks.keys[0]');
  });

  test('beside another default passes with advice', () => {
    expect(judge(request(tokenIssuer('partner')), known)).toMatchObject({
      allowed: true,
      advice: [{ path: 'spec.issuer' }, { path: 'spec.default' }],
    });
  });
});

describe('an update', () => {
  const metadata = { ...broken.metadata, labels: { team: 'storage' } };

  test('of the spec is judged', () => {
    const change = { operation: 'UPDATE' as const, oldObject: serviceAuthPolicy('bucket') };
    expect(problemPaths(broken, change)).toEqual(['spec.rulez']);
  });

  test('that leaves a broken spec as it is passes', () => {
    expect(problemPaths({ ...broken, metadata }, { operation: 'UPDATE', oldObject: broken })).toEqual([]);
  });

  test('of an object that is being deleted passes', () => {
    const deleted = { ...broken, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(problemPaths(deleted, { operation: 'UPDATE', oldObject: serviceAuthPolicy('bucket') })).toEqual([]);
  });
});

test('what this webhook is not for passes, so that a wrong rule in its configuration blocks no cluster', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
  expect(judge(request(pod, { kind: { group: '', version: 'v1', kind: 'Pod' } }), known).allowed).toBe(true);
  expect(judge(request(broken, { operation: 'DELETE', object: null }), known).allowed).toBe(true);
});
