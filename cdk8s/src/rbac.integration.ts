import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderPlatform } from './platform.ts';
import { openPrivateCluster, type PrivateCluster } from './testing/private-cluster.ts';

const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
const NAMESPACE = 'sekisho-system';
const { manifests } = renderPlatform({ issuer: 'https://auth.example', edge: {}, redis: {}, postgresql: {} });
const rights = manifests.filter(({ kind }) => /^(Namespace|ServiceAccount|(Cluster)?Role(Binding)?)$/.test(kind));

/** The API server learns of a role a moment after it stored it. */
const UNTIL_KNOWN = { timeout: 60_000, interval: 100 };

let cluster: PrivateCluster;
beforeAll(async () => {
  cluster = await openPrivateCluster();
  const others = ['istio-system', 'shop'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  await cluster.apply([...others, ...rights]);
}, 300_000);
afterAll(() => cluster?.close(), 60_000);

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

const userOf = (account: string) => `system:serviceaccount:${NAMESPACE}:${account}`;

/** Every right that the API server knows an account to have in a namespace, as `verb resource.group/name`. */
async function granted(account: string, namespace: string): Promise<string[]> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
  const { status, body } = await cluster.post(`${AUTHORIZATION}/selfsubjectrulesreviews`, review, userOf(account));
  expect([status, body.message]).toEqual([201, undefined]);
  const { resourceRules, incomplete } = body['status'] as { resourceRules: Rule[]; incomplete: boolean };
  expect(incomplete).toBe(false);
  return resourceRules.flatMap(spelledOut);
}

function spelledOut({ verbs, apiGroups, resources, resourceNames = ['*'] }: Rule): string[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      resourceNames.flatMap((name) => verbs.map((verb) => `${verb} ${resource}.${group}/${name}`)),
    ),
  );
}

/** What an account may do that not everybody may. */
async function own(account: string, namespace: string): Promise<string[]> {
  const everybody = await granted('nobody-in-particular', namespace);
  return (await granted(account, namespace)).filter((right) => !everybody.includes(right)).sort();
}

const each = (verbs: string, ...kinds: string[]) =>
  kinds.flatMap((kind) => verbs.split(' ').map((verb) => `${verb} ${kind}`));

const OPERATOR_EVERYWHERE = [
  ...each('get list watch', 'serviceauthpolicies.auth.sekisho.dev/*', 'tokenissuers.auth.sekisho.dev/*'),
  ...each('patch update', 'serviceauthpolicies/status.auth.sekisho.dev/*', 'tokenissuers/status.auth.sekisho.dev/*'),
  'update serviceauthpolicies/finalizers.auth.sekisho.dev/*',
  ...each(
    'get list watch create patch update delete',
    'authorizationpolicies.security.istio.io/*',
    'peerauthentications.security.istio.io/*',
    'requestauthentications.security.istio.io/*',
  ),
  ...each('list watch', 'pods./*', 'services./*', 'workloadentries.networking.istio.io/*'),
  'get customresourcedefinitions.apiextensions.k8s.io/serviceauthpolicies.auth.sekisho.dev',
  ...each('create patch', 'events.events.k8s.io/*'),
  ...each('get patch', 'validatingwebhookconfigurations.admissionregistration.k8s.io/sekisho'),
];

/** Whole: what is not here, nobody may. */
const RIGHTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'sekisho-operator': {
    shop: OPERATOR_EVERYWHERE,
    'istio-system': [
      ...OPERATOR_EVERYWHERE,
      ...each('get list watch', 'configmaps./istio'),
      ...each('list watch', 'endpointslices.discovery.k8s.io/*'),
    ],
    [NAMESPACE]: [
      ...OPERATOR_EVERYWHERE,
      'create leases.coordination.k8s.io/*',
      ...each('get update', 'leases.coordination.k8s.io/sekisho-operator', 'secrets./sekisho-webhook'),
    ],
  },
  auth: everywhere('get tokenissuers.auth.sekisho.dev/platform'),
  'sekisho-guard': everywhere(
    ...each(
      'list watch',
      'serviceauthpolicies.auth.sekisho.dev/*',
      'tokenissuers.auth.sekisho.dev/*',
      'gateways.gateway.networking.k8s.io/*',
      'httproutes.gateway.networking.k8s.io/*',
      'referencegrants.gateway.networking.k8s.io/*',
      'requestauthentications.security.istio.io/*',
      'services./*',
      'namespaces./*',
    ),
  ),
  'sekisho-redis': everywhere(),
  'sekisho-postgresql': everywhere(),
};

function everywhere(...rights: string[]) {
  return { shop: rights, 'istio-system': rights, [NAMESPACE]: rights };
}

test('each ServiceAccount is looked at', () => {
  const accounts = rights.filter(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.namespace === NAMESPACE);
  expect(accounts.map(({ metadata }) => metadata.name).sort()).toEqual(Object.keys(RIGHTS).sort());
});

describe.each(Object.entries(RIGHTS))('%s', (account, places) => {
  test.each(Object.entries(places))('may do in %s what it needs, and nothing else', async (namespace, expected) => {
    await expect.poll(() => own(account, namespace), UNTIL_KNOWN).toEqual([...expected].sort());
  });

  test.each([
    { verb: 'get', resource: 'secrets', name: 'sekisho-auth' },
    { verb: 'list', resource: 'secrets' },
    { verb: 'create', resource: 'secrets' },
    { verb: 'create', resource: 'pods' },
    { verb: 'create', resource: 'pods', subresource: 'exec' },
    { verb: 'create', resource: 'serviceaccounts', subresource: 'token' },
    { verb: 'impersonate', resource: 'users' },
    { verb: 'bind', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
    { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', name: 'another' },
    { verb: 'create', group: 'auth.sekisho.dev', resource: 'tokenissuers' },
    { verb: 'delete', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
  ])('may not $verb $resource $subresource $name', async (resourceAttributes) => {
    const spec = { user: userOf(account), resourceAttributes: { ...resourceAttributes, namespace: NAMESPACE } };
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
    const { body } = await cluster.post(`${AUTHORIZATION}/subjectaccessreviews`, review);
    expect(body['status']).toMatchObject({ allowed: false });
  });
});

test('a right that was given is seen by the same question', async () => {
  const resourceAttributes = { verb: 'get', resource: 'secrets', name: 'sekisho-webhook', namespace: NAMESPACE };
  const spec = { user: userOf('sekisho-operator'), resourceAttributes };
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const answer = async () => (await cluster.post(`${AUTHORIZATION}/subjectaccessreviews`, review)).body['status'];
  await expect.poll(answer, UNTIL_KNOWN).toMatchObject({ allowed: true });
});
