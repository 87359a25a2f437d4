import { expect, test } from 'vitest';
import type { IssuerState } from '../compile/issuers.ts';
import type { RawObject } from '../resources.ts';
import { plan } from './plan.ts';
import { renderPolicies } from './render.ts';

const mesh = { trustDomain: 'cluster.local', rootNamespace: 'istio-system' };
const key = { kty: 'EC', kid: 'one', use: 'sig', alg: 'ES256', crv: 'P-256', x: 'eA', y: 'eQ' } as const;
const issuer: IssuerState = {
  issuer: {
    metadata: { name: 'platform' },
    spec: { issuer: 'https://auth.example', jwksUri: 'https://a.b', default: true },
  },
  jwks: { keys: [key] },
};
const policy = (name: string, spec: object = {}, namespace = 'shop'): RawObject => ({
  apiVersion: 'auth.sekisho.dev/v1alpha1',
  kind: 'ServiceAuthPolicy',
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: { app: name } },
    mtls: 'Strict',
    rules: [{ name: 'all', allow: { authenticated: true } }],
    ...spec,
  },
});
const rendered = (...policies: RawObject[]) => renderPolicies({ policies, issuers: [issuer], mesh });

test('what is rendered is what the operator would write, but for whose it is', () => {
  const bucket = policy('bucket');
  const planned = plan({ policy: bucket, rivals: [], namesakes: [], issuers: [issuer], owned: [], mesh }, new Date(0));
  const result = rendered(bucket);
  if (!result.ok) throw new Error('it was refused');
  expect(planned.desired.length).toBeGreaterThan(2);
  const objects = result.policies.flatMap((one) => one.objects);
  expect(objects.map(({ kind, metadata, spec }) => [kind, metadata.name, spec])).toEqual(
    planned.desired.map(({ kind, metadata, spec }) => [kind, metadata.name, spec]),
  );
  const owners = objects.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by']);
  expect(new Set(owners)).toEqual(new Set(['sekisho-render']));
});

test('what a cluster said of a policy is left there', () => {
  const { metadata, ...rest } = policy('bucket');
  const exported = { ...rest, metadata: { ...metadata, uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' } };
  expect(rendered(exported)).toEqual(rendered(policy('bucket')));
  expect(JSON.stringify(rendered(exported))).not.toContain('ownerReferences');
});

test('the order in which policies are listed changes nothing', () => {
  expect(rendered(policy('user'), policy('bucket'))).toEqual(rendered(policy('bucket'), policy('user')));
});

test.each([
  ['is invalid', [policy('bucket', { rules: [] })], ['shop/bucket'], 'spec.rules'],
  ['is there twice', [policy('bucket'), policy('bucket')], ['shop/bucket'], 'metadata.name'],
  [
    'selects what another one does',
    [policy('bucket'), policy('other', { selector: { matchLabels: { app: 'bucket' } } })],
    ['shop/other'],
    'spec.selector',
  ],
  [
    'has the name of a service elsewhere',
    [policy('bucket'), policy('bucket', {}, 'zoo')],
    ['zoo/bucket'],
    'spec.service',
  ],
  [
    'asks for a guard that nobody knows',
    [policy('bucket', { revocation: { check: 'EveryHop' } })],
    ['shop/bucket'],
    'mesh',
  ],
])('nothing is rendered where one %s', (_, policies, named, field) => {
  const result = rendered(policy('fine'), ...policies);
  if (result.ok) throw new Error('it was rendered');
  expect(result.refused.map((one) => one.policy)).toEqual(named);
  expect(result.refused[0]?.message).toContain(field);
});

test('an issuer without keys is no issuer', () => {
  const result = renderPolicies({ policies: [policy('bucket')], issuers: [{ issuer: issuer.issuer }], mesh });
  expect(result).toMatchObject({ ok: false, refused: [{ policy: 'shop/bucket' }] });
});
