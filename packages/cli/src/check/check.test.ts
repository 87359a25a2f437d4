import { readFile } from 'node:fs/promises';
import { ForbiddenError, type KubeObject } from '@sekisho/kube';
import { crds } from '@sekisho/policy';
import { expect, test } from 'vitest';
import { checkCluster } from './check.ts';
import type { ClusterReader } from './cluster-reader.ts';
import { FOREIGN_DEFINITIONS } from './definitions.ts';

const PLACES = { namespace: 'sekisho-system', istioNamespace: 'istio-system' };
const MESH = await readFile(new URL('../../../../istio/mesh-config.yaml', import.meta.url), 'utf8');

type Fields = Readonly<Record<string, unknown>>;

function object(kind: string, name: string, fields: Fields = {}, namespace?: string): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, ...(namespace !== undefined && { namespace }) }, ...fields };
}

const deployment = (name: string, { ready = 2, replicas = 2 } = {}) =>
  object('Deployment', name, { spec: { replicas }, status: { readyReplicas: ready } }, 'sekisho-system');

function istiod({ image = 'example/pilot:1.30.2', allowed = 'a, sekisho-system', name = 'istiod' } = {}): KubeObject {
  const env = [{ name: 'DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES', value: allowed }];
  const containers = [{ name: 'discovery', image, env }];
  return object('Deployment', name, { spec: { template: { spec: { containers } } } }, 'istio-system');
}

const meshConfig = (mesh: string, name = 'istio') => object('ConfigMap', name, { data: { mesh } }, 'istio-system');
const condition = (type: string, status: string, message = '') => ({
  ...{ type, status, message, reason: 'Because' },
  lastTransitionTime: '2026-01-01T00:00:00Z',
});
const issuer = (name: string, status = 'True', spec: Fields = { requiredClaims: [{ path: ['client_id'] }] }) =>
  object('TokenIssuer', name, {
    spec: { default: true, ...spec },
    status: { conditions: [condition('Ready', status, 'no keys')] },
  });
function policy(name: string, conditions: readonly object[], spec: Fields = {}): KubeObject {
  return object('ServiceAuthPolicy', name, { spec, status: { conditions } }, 'shop');
}
const WELL = [condition('Accepted', 'True'), condition('Programmed', 'True'), condition('Enforced', 'True')];
const namespace = (labels: Readonly<Record<string, string>>): KubeObject => ({
  ...object('Namespace', 'shop'),
  metadata: { name: 'shop', labels },
});

/** A cluster in which nothing is missing; each change replaces or removes one object. */
function complete(): KubeObject[] {
  return [
    ...FOREIGN_DEFINITIONS.map((name) => object('CustomResourceDefinition', name)),
    ...crds().map(({ metadata, spec }) => object('CustomResourceDefinition', metadata.name, { spec })),
    istiod(),
    meshConfig(MESH),
    ...['sekisho-operator', 'auth', 'sekisho-guard'].map((name) => deployment(name)),
    object('ValidatingWebhookConfiguration', 'sekisho', { webhooks: [{ clientConfig: { caBundle: 'QQ==' } }] }),
    object('ValidatingAdmissionPolicyBinding', 'sekisho-definitions'),
    issuer('platform'),
    policy('bucket', WELL),
    namespace({ 'istio-injection': 'enabled' }),
  ];
}

function replacing(...others: readonly KubeObject[]): KubeObject[] {
  const isReplaced = ({ kind, metadata }: KubeObject) =>
    others.some((other) => other.kind === kind && other.metadata.name === metadata.name);
  return [...complete().filter((candidate) => !isReplaced(candidate)), ...others];
}

function without(kind: string, name?: string): KubeObject[] {
  return complete().filter(
    (candidate) => candidate.kind !== kind || (name !== undefined && candidate.metadata.name !== name),
  );
}

function readerOf(objects: readonly KubeObject[], forbidden?: string): ClusterReader {
  const guard = (kind: string) => {
    if (kind === forbidden) throw new ForbiddenError('forbidden', `${kind} is forbidden`);
  };
  return {
    async get({ kind }, name, inNamespace) {
      guard(kind);
      return objects.find(
        ({ kind: other, metadata }) => other === kind && metadata.name === name && metadata.namespace === inNamespace,
      );
    },
    async list({ kind }) {
      guard(kind);
      return objects.filter((candidate) => candidate.kind === kind);
    },
  };
}

async function faults(objects: readonly KubeObject[], forbidden?: string): Promise<readonly string[]> {
  const findings = await checkCluster(readerOf(objects, forbidden), PLACES);
  expect(findings.every(({ state, next }) => (state === 'ok') === (next === undefined))).toBe(true);
  return findings.filter(({ state }) => state !== 'ok').map(({ state, about, found }) => `${state} ${about}: ${found}`);
}

test('in a cluster that has everything nothing is found', async () => {
  expect(await faults(complete())).toEqual([]);
});

test.each<[string, KubeObject[], string]>([
  [
    'Istio',
    without('CustomResourceDefinition', 'peerauthentications.security.istio.io'),
    'missing definition peerauthentications.security.istio.io: not there',
  ],
  [
    'the Gateway API',
    without('CustomResourceDefinition', 'gateways.gateway.networking.k8s.io'),
    'warning definition gateways.gateway.networking.k8s.io: not there',
  ],
  [
    'a definition of ours',
    without('CustomResourceDefinition', 'tokenissuers.auth.sekisho.dev'),
    'missing definition tokenissuers.auth.sekisho.dev: not there',
  ],
  ['istiod', without('Deployment', 'istiod'), 'missing istiod: not there'],
  ['the mesh config', without('ConfigMap'), 'missing mesh config: ConfigMap istio-system/istio has no key mesh'],
  [
    'the operator',
    without('Deployment', 'sekisho-operator'),
    'missing deployment sekisho-system/sekisho-operator: not there',
  ],
  ['the webhook', without('ValidatingWebhookConfiguration'), 'missing admission webhook: not there'],
  [
    'the guard of the definitions',
    without('ValidatingAdmissionPolicyBinding'),
    'warning guard of the definitions: not there',
  ],
  ['every issuer', without('TokenIssuer'), 'missing token issuers: none'],
  ['every policy', without('ServiceAuthPolicy'), 'warning policies: none for a service'],
])('where %s is missing it is told', async (_what, objects, told) => {
  expect(await faults(objects)).toEqual([told]);
});

test.each<[string, KubeObject, string]>([
  ['an old Istio', istiod({ image: 'example/pilot:1.29.6-distroless' }), 'missing istiod: version: 1.29.6-distroless'],
  [
    'an Istio with a known fault',
    istiod({ image: 'example:5000/pilot:1.31.0@sha256:ab' }),
    'missing istiod: version: 1.31.0',
  ],
  ['an Istio of unknown age', istiod({ image: 'example:5000/pilot' }), 'unknown istiod: version: no tag'],
  [
    'an istiod that tells others only',
    istiod({ allowed: 'sekisho' }),
    'warning istiod: DEBUG_ENDPOINT_AUTH_ALLOWED_NAMESPACES: sekisho',
  ],
  ['a mesh config that is no YAML', meshConfig('a: ['), 'missing mesh config: is not YAML'],
  [
    'a definition of another version',
    object('CustomResourceDefinition', 'tokenissuers.auth.sekisho.dev', { spec: { versions: [{ name: 'v1' }] } }),
    'warning definition tokenissuers.auth.sekisho.dev: of another version',
  ],
  [
    'a part that is not ready',
    deployment('auth', { ready: 0 }),
    'missing deployment sekisho-system/auth: 0 of 2 replicas are ready',
  ],
  [
    'a part that lacks a replica',
    deployment('auth', { ready: 1 }),
    'warning deployment sekisho-system/auth: 1 of 2 replicas are ready',
  ],
  [
    'a webhook that trusts nobody',
    object('ValidatingWebhookConfiguration', 'sekisho', { webhooks: [{ clientConfig: {} }] }),
    'missing admission webhook: holds no authority',
  ],
  ['an issuer without keys', issuer('platform', 'False'), 'missing token issuer platform: no keys'],
  [
    'an issuer whose id tokens pass for access tokens',
    issuer('platform', 'True', {}),
    'warning token issuer platform: id tokens of it count as access tokens',
  ],
  ['a second default issuer', issuer('other'), 'warning token issuers: 2 are marked default'],
  [
    'a policy in conflict',
    policy('bucket', [condition('Accepted', 'False', 'user/b wins')]),
    'missing policy shop/bucket: Accepted is False: user/b wins',
  ],
  [
    'a policy that a proxy has not',
    policy('bucket', [...WELL.slice(0, 2), condition('Enforced', 'Unknown', 'who knows')]),
    'warning policy shop/bucket: Enforced is Unknown: who knows',
  ],
  [
    'a policy with a warning',
    policy('bucket', [...WELL, condition('Warning', 'True', 'ports')]),
    'warning policy shop/bucket: Warning is True: ports',
  ],
  [
    'a policy that nobody looked at',
    policy('bucket', []),
    'missing policy shop/bucket: the operator has not looked at it',
  ],
  ['a namespace without proxies', namespace({}), 'warning namespace shop: gives its pods no proxy'],
  [
    'a namespace in ambient mode',
    namespace({ 'istio.io/dataplane-mode': 'ambient' }),
    'missing namespace shop: is in ambient mode',
  ],
])('%s is told', async (_what, object, told) => {
  expect(await faults(replacing(object))).toEqual([told]);
});

test('the guard is missing only where a policy asks for it', async () => {
  const lacks = without('Deployment', 'sekisho-guard');
  expect(await faults(lacks)).toEqual([]);
  const asking = [...lacks, policy('user', WELL, { revocation: { check: 'EveryHop' } })];
  expect(await faults(asking)).toEqual(['missing deployment sekisho-system/sekisho-guard: not there']);
});

test('a Gateway that verifies tokens by itself needs no guard', async () => {
  const lacks = without('Deployment', 'sekisho-guard');
  const gateway = policy('public', WELL, { targetRefs: [{ kind: 'Gateway', name: 'public' }] });
  expect(await faults([...lacks, gateway])).toEqual([]);
  const edge = policy('edge', WELL, { targetRefs: [{ kind: 'Gateway', name: 'edge' }], revocation: { check: 'Edge' } });
  expect(await faults([...lacks, edge])).toEqual(['missing deployment sekisho-system/sekisho-guard: not there']);
});

test('where nobody asks a guard the mesh config names none', async () => {
  const unguarded = replacing(meshConfig('pathNormalization: { normalization: DECODE_AND_MERGE_SLASHES }'));
  expect(await faults(unguarded)).toEqual([]);
  const told = ['edge', 'hop'].map((name) => `missing mesh config: extensionProvider sekisho-${name}: not there`);
  const asking = policy('user', WELL, { revocation: { check: 'EveryHop' } });
  expect(await faults([...unguarded, asking])).toEqual(told);
});

test('what the platform brings itself is no fault: its namespace has no sidecars, and the guard enforces its policy', async () => {
  const bare = { ...condition('Enforced', 'Unknown', 'no sidecar'), reason: 'WithoutProxy' };
  const auth = object(
    'ServiceAuthPolicy',
    'auth',
    { spec: {}, status: { conditions: [...WELL.slice(0, 2), bare] } },
    'sekisho-system',
  );
  const system = object('Namespace', 'sekisho-system');
  expect(await faults([...complete(), auth, system])).toEqual([]);
  const fresh = [...without('ServiceAuthPolicy'), auth, system];
  expect(await faults(fresh)).toEqual(['warning policies: none for a service']);
  const shop = policy('bucket', [...WELL.slice(0, 2), bare]);
  expect(await faults(replacing(shop))).toEqual(['warning policy shop/bucket: Enforced is Unknown: no sidecar']);
});

test('providers that lead to a guard elsewhere are told: everything would be denied', async () => {
  const elsewhere = replacing(meshConfig(MESH.replaceAll('sekisho-guard.sekisho-system', 'sekisho-guard.other')));
  const told = ['edge', 'hop'].map(
    (name) =>
      `missing mesh config: extensionProvider sekisho-${name}: asks sekisho-guard.other.svc.cluster.local instead of sekisho-guard.sekisho-system.svc.cluster.local`,
  );
  expect(await faults(elsewhere)).toEqual(told);
});

test('what may not be read is unknown, and the rest is looked at all the same', async () => {
  const objects = without('Deployment', 'sekisho-operator');
  expect(await faults(objects, 'ConfigMap')).toEqual([
    'unknown mesh config: ConfigMap is forbidden',
    'missing deployment sekisho-system/sekisho-operator: not there',
  ]);
});

test('of a revision its own istiod and mesh config are read', async () => {
  const objects = [
    ...complete().filter(({ metadata }) => !metadata.name.startsWith('istio')),
    istiod({ name: 'istiod-canary' }),
    meshConfig(MESH, 'istio-canary'),
  ];
  const findings = await checkCluster(readerOf(objects), { ...PLACES, revision: 'canary' });
  expect(findings.filter(({ state }) => state !== 'ok')).toEqual([]);
});
