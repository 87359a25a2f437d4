import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { apiServer } from '../testing/api-server.ts';
import { API_VERSION, ISSUER_KIND, POLICY_KIND } from '../vocabulary.ts';
import { crds } from './crds.ts';

const call = apiServer(inject('kubeconfig'));
const NAMESPACE = `policy-crds-${process.pid}`;
const POLICIES = `/apis/${API_VERSION}/namespaces/${NAMESPACE}/serviceauthpolicies?dryRun=All`;
const ISSUERS = `/apis/${API_VERSION}/tokenissuers?dryRun=All`;
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const RULE = { name: 'read', allow: { permissions: { anyOf: ['bucket:read'] } } };
const SPEC = { selector: { matchLabels: { app: 'bucket' } }, rules: [RULE] };

function create(spec: unknown, name = 'bucket') {
  return call('POST', POLICIES, { apiVersion: API_VERSION, kind: POLICY_KIND, metadata: { name }, spec });
}

function createIssuer(spec: unknown) {
  return call('POST', ISSUERS, { apiVersion: API_VERSION, kind: ISSUER_KIND, metadata: { name: 'platform' }, spec });
}

beforeAll(async () => {
  await call('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  const istio = parseAllDocuments(readFileSync(inject('istioCrds'), 'utf8')).map((document) => document.toJS());
  const security = istio.filter((crd) => crd?.spec?.group === 'security.istio.io');
  for (const crd of [...crds(), ...security]) {
    const { status, body } = await call('POST', DEFINITIONS, crd);
    expect([201, 409], body.message).toContain(status);
  }
  for (const path of [POLICIES, ISSUERS, `/apis/security.istio.io/v1/authorizationpolicies`]) {
    await vi.waitFor(async () => expect((await call('GET', path)).status).toBe(200), { timeout: 90_000 });
  }
});

describe('the API server', () => {
  test('establishes both definitions without a complaint about their schemas', async () => {
    for (const { metadata } of crds()) {
      const { body } = await call('GET', `${DEFINITIONS}/${metadata.name}`);
      const conditions: readonly { type: string; status: string; message: string }[] = Reflect.get(
        Object(body['status']),
        'conditions',
      );
      expect(conditions).toContainEqual(expect.objectContaining({ type: 'Established', status: 'True' }));
      expect(conditions.filter(({ type }) => type === 'NonStructuralSchema')).toEqual([]);
    }
  });

  test('takes a policy and keeps an unknown field for the operator to refuse', async () => {
    const { status, body } = await create({ ...SPEC, rules: [{ ...RULE, too: [] }] });
    expect(status, body.message).toBe(201);
    expect(body['spec']).toMatchObject({ rules: [{ too: [] }] });
  });

  test.each<[string, object, string]>([
    ['no target', { rules: [RULE] }, 'needs exactly one of selector and targetRefs'],
    ['no rules', { ...SPEC, rules: [] }, 'spec.rules in body should have at least 1 items'],
    ['one name twice', { ...SPEC, rules: [RULE, RULE] }, 'Duplicate value'],
    [
      'public beside roles',
      { ...SPEC, rules: [{ name: 'x', allow: { public: true, roles: { anyOf: ['a'] } } }] },
      'public stands alone',
    ],
    ['nobody allowed', { ...SPEC, rules: [{ name: 'x', allow: {} }] }, 'needs at least one of public, authenticated'],
    [
      'a wildcard',
      { ...SPEC, rules: [{ name: 'x', allow: { permissions: { anyOf: ['bucket:*'] } } }] },
      "must not start or end with '*'",
    ],
    ['an empty operation', { ...SPEC, rules: [{ ...RULE, to: [{}] }] }, 'needs methods, paths or ports'],
    ['a path without slash', { ...SPEC, rules: [{ ...RULE, to: [{ paths: ['a'] }] }] }, "must start with '/'"],
    [
      'a bracket in a claim name',
      { ...SPEC, rules: [{ name: 'x', allow: { claims: [{ path: ['a[b]'], anyOf: ['x'] }] } }] },
      'must not hold a bracket',
    ],
  ])('refuses a policy with %s', async (_what, spec, message) => {
    const { status, body } = await create(spec);
    expect(status).toBe(422);
    expect(body.message).toContain(message);
  });

  const gateways = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }];

  test.each<[string, object, string]>([
    ['a selector', SPEC, 'needs exactly one of selector and targetRefs'],
    ['mtls', { rules: [RULE], mtls: 'Strict' }, 'mtls belongs to workloads'],
    ['EveryHop', { rules: [RULE], revocation: { check: 'EveryHop' } }, 'a Gateway is the edge'],
    ['Allow', { rules: [RULE], revocation: { whenUnavailable: 'Allow' } }, 'whenUnavailable belongs to'],
    ['itself', { rules: [RULE], targetRefs: [...gateways, ...gateways] }, 'Duplicate value'],
    [
      'another kind',
      { rules: [RULE], targetRefs: [{ ...gateways[0], kind: 'Service' }] },
      'supported values: "Gateway"',
    ],
  ])('refuses a Gateway as target beside %s', async (_what, spec, message) => {
    const { status, body } = await create({ targetRefs: gateways, ...spec });
    expect(status).toBe(422);
    expect(body.message).toContain(message);
  });

  test('takes a Gateway as target', async () => {
    const { status, body } = await create({ targetRefs: gateways, rules: [RULE] });
    expect(status, body.message).toBe(201);
  });

  test('asks for a service where metadata.name is no DNS label', async () => {
    expect(await create(SPEC, 'bucket.v2')).toMatchObject({ status: 422 });
    expect(await create({ ...SPEC, service: 'bucket' }, 'bucket.v2')).toMatchObject({ status: 201 });
  });

  test.each<[string, object, string]>([
    ['no keys', { issuer: 'https://a.example' }, 'needs exactly one of jwks and jwksUri'],
    ['a wildcard', { issuer: '*', jwksUri: 'https://a.example' }, "must not start or end with '*'"],
    [
      'a required wildcard',
      { issuer: 'a', jwksUri: 'https://a.example', requiredClaims: [{ path: ['typ'], anyOf: ['*'] }] },
      'write the whole value',
    ],
    ['another scheme', { issuer: 'https://a.example', jwksUri: 'file:///x' }, 'must be an https URL'],
  ])('refuses an issuer with %s', async (_what, spec, message) => {
    const { status, body } = await createIssuer(spec);
    expect(status).toBe(422);
    expect(body.message).toContain(message);
  });

  test('takes an issuer', async () => {
    expect(await createIssuer({ issuer: 'https://a.example', jwksUri: 'https://a.example/jwks.json' })).toMatchObject({
      status: 201,
    });
  });
});

describe("Istio's own definitions", () => {
  const folder = join(import.meta.dirname, '../../testdata');
  const plans = readdirSync(folder).filter((file) => file.endsWith('.out.yaml'));

  test.each(plans)('take every object of %s', async (file) => {
    const { desired } = parse(readFileSync(join(folder, file), 'utf8'));
    for (const object of desired) {
      const path = `/apis/security.istio.io/v1/namespaces/${NAMESPACE}/${object.kind.toLowerCase().replace(/y$/, 'ie')}s`;
      const sent = { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } };
      const { status, body } = await call('POST', `${path}?dryRun=All&fieldValidation=Strict`, sent);
      expect(status, body.message).toBe(201);
    }
  });
});
