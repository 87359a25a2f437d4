import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseServiceAuthPolicy, parseTokenIssuer } from '@sekisho/policy';
import { describe, expect, test } from 'vitest';
import { authWorkload } from './auth-server.ts';
import { GuardServer } from './guard-server.ts';
import { type Manifest, render, type Target, toYaml } from './kubernetes.ts';
import { renderPlatform } from './platform.ts';
import { renderShop } from './shop.ts';
import { serviceHost } from './workload.ts';

const issuer = 'https://auth.example';
const bootstrapAdminEmail = 'admin@example.org';

const renderAll = (target: Target): readonly Manifest[] => [
  ...renderPlatform({ target, issuer, bootstrapAdminEmail }).manifests,
  ...renderShop({ target }).manifests,
];
const ofKind = (manifests: readonly Manifest[], kind: string) => manifests.filter((one) => one.kind === kind);

describe.each(['local', 'cluster'] as const)('for the target %s', (target) => {
  test('the platform is what was reviewed', async () => {
    const { manifests } = renderPlatform({ target, issuer, bootstrapAdminEmail });
    await expect(toYaml(manifests)).toMatchFileSnapshot(`./testdata/platform-${target}.yaml`);
  });

  test('the shop is what was reviewed', async () => {
    await expect(toYaml(renderShop({ target }).manifests)).toMatchFileSnapshot(`./testdata/shop-${target}.yaml`);
  });

  test('every policy and issuer is one that the operator accepts', () => {
    const manifests = renderAll(target);
    const policies = ofKind(manifests, 'ServiceAuthPolicy').map(parseServiceAuthPolicy);
    expect(policies.map((parsed) => parsed.ok)).toEqual([true, true, true, true]);
    expect(ofKind(manifests, 'TokenIssuer').map((raw) => parseTokenIssuer(raw).ok)).toEqual([true]);
  });

  test('no two objects are the same, and a namespace comes before what lies in it', () => {
    const manifests = renderAll(target);
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    // Istio was installed before, and its namespace with it.
    const ours = manifests.filter(({ metadata: { namespace = 'istio-system' } }) => namespace !== 'istio-system');
    for (const { metadata } of ours) {
      const mine = manifests.findIndex((one) => one.metadata === metadata);
      const home = manifests.findIndex((one) => one.kind === 'Namespace' && one.metadata.name === metadata.namespace);
      expect(home).toBeGreaterThanOrEqual(0);
      expect(home).toBeLessThan(mine);
    }
  });

  test('nothing claims to be managed by the operator', () => {
    expect(toYaml(renderAll(target))).not.toContain('app.kubernetes.io/managed-by');
  });
});

/** What only pods need. */
const OF_PODS = ['Deployment', 'PodDisruptionBudget', 'NetworkPolicy'];

test('the local target has everything that the cluster has, but for pods and what is about them, and for the proxy of the gateway', () => {
  const key = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;
  const local = renderAll('local').map(key);
  const cluster = renderAll('cluster')
    .filter((one) => !OF_PODS.includes(one.kind))
    .map(key);
  expect(local.filter((one) => !cluster.includes(one))).toEqual([
    'ServiceAccount public-istio',
    'Service public-istio',
  ]);
  expect(cluster.filter((one) => !local.includes(one))).toEqual([]);
});

test('the operator may write the generated kinds and its own status, and reads no Secret but its own', () => {
  const [role] = ofKind(renderAll('cluster'), 'ClusterRole');
  const text = JSON.stringify(role);
  expect(text).not.toContain('"*"');
  expect(text).not.toContain('secrets');
  const rules = ofKind(renderAll('cluster'), 'Role').flatMap((one) => one['rules'] as { resources: string[] }[]);
  expect(rules.filter(({ resources }) => resources.includes('secrets'))).toEqual([
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['sekisho-webhook'], verbs: ['get', 'update'] },
  ]);
});

test('nobody answering holds up only an issuer that may hold a key', () => {
  const [configuration] = ofKind(renderAll('cluster'), 'ValidatingWebhookConfiguration');
  const webhooks = configuration?.['webhooks'] as readonly { name: string; failurePolicy: string }[];
  expect(Object.fromEntries(webhooks.map(({ name, failurePolicy }) => [name, failurePolicy]))).toEqual({
    'policies.admission.auth.sekisho.dev': 'Ignore',
    'issuers.admission.auth.sekisho.dev': 'Ignore',
    'issuer-keys.admission.auth.sekisho.dev': 'Fail',
  });
});

test('an operator outside the cluster is called by its URL', () => {
  const { manifests } = renderPlatform({ target: 'local', issuer, webhookUrl: 'https://127.0.0.1:9443' });
  const text = JSON.stringify(ofKind(manifests, 'ValidatingWebhookConfiguration'));
  expect(text).toContain('"clientConfig":{"url":"https://127.0.0.1:9443/validate"}');
  expect(text).not.toContain('"service"');
});

test('the operator reaches one Lease, its own, and can only tell events', () => {
  const [role] = ofKind(renderAll('cluster'), 'Role').filter(({ metadata }) => metadata.name === 'sekisho-operator');
  expect(role?.metadata.namespace).toBe('sekisho-system');
  expect(role?.['rules']).toEqual([
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    {
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: ['sekisho-operator'],
      verbs: ['get', 'update'],
    },
  ]);
  const [clusterRole] = ofKind(renderAll('cluster'), 'ClusterRole');
  const rules = clusterRole?.['rules'] as { resources: string[]; verbs: string[] }[];
  expect(rules.find(({ resources }) => resources.includes('events'))?.verbs).toEqual(['create', 'patch']);
  expect(JSON.stringify(rules)).not.toContain('leases');
});

test('what a mesh needs to know of the workloads is returned', () => {
  const { gateway, operator, auth } = renderPlatform({ target: 'local', issuer });
  const { bucket } = renderShop({ target: 'local', gateway });
  expect(gateway).toMatchObject({
    name: 'public',
    namespace: 'istio-ingress',
    workload: { serviceAccount: 'public-istio' },
  });
  expect(operator).toMatchObject({ namespace: 'sekisho-system', serviceAccount: 'sekisho-operator' });
  expect(operator.ports.map(({ port }) => port)).toEqual([443]);
  expect(auth.ports.map(({ name }) => name)).toEqual(['http', 'http-admin']);
  expect(bucket).toEqual({
    name: 'bucket',
    namespace: 'shop',
    serviceAccount: 'bucket',
    labels: { app: 'bucket' },
    ports: [{ name: 'http', port: 80, targetPort: 8080 }],
  });
});

const guarded = () => renderPlatform({ target: 'local', issuer, edge: { targetPort: 8081 } });

test('a guarded platform is what was reviewed', async () => {
  await expect(toYaml(guarded().manifests)).toMatchFileSnapshot('./testdata/platform-guarded.yaml');
});

test('a page is only where the auth service is, too', () => {
  const ref = { name: 'edge', namespace: 'istio-edge' };
  const { manifests } = renderShop({ target: 'cluster', web: { gateway: ref, issuer } });
  const route = ofKind(manifests, 'HTTPRoute').find(({ metadata }) => metadata.name === 'web');
  expect(route).toMatchObject({ spec: { parentRefs: [ref] } });
  expect(ofKind(manifests, 'ServiceAuthPolicy').map((raw) => parseServiceAuthPolicy(raw).ok)).not.toContain(false);
  expect(toYaml(manifests)).toContain(`name: ISSUER\n              value: ${issuer}`);
});

test('a guarded platform in a cluster is what was reviewed', async () => {
  const { manifests } = renderPlatform({ target: 'cluster', issuer, edge: {} });
  await expect(toYaml(manifests)).toMatchFileSnapshot('./testdata/platform-guarded-cluster.yaml');
});

test('a guard leads people to the log-in page where it is told of one', () => {
  const { manifests } = render((chart) => {
    const auth = authWorkload('platform');
    const deployment = { image: 'guard', loginPath: '/login' };
    new GuardServer(chart, 'guard', { namespace: 'platform', issuer, auth, deployment });
    return {};
  });
  expect(toYaml(manifests)).toContain('name: GUARD_LOGIN_PATH\n              value: /login');
});

test('a guard with a sidecar answers callers of the mesh alone', () => {
  const { manifests } = render((chart) => {
    const auth = authWorkload('platform');
    const deployment = { image: 'guard', meshed: true };
    new GuardServer(chart, 'guard', { namespace: 'platform', issuer, auth, deployment });
    return {};
  });
  const [peers] = ofKind(manifests, 'PeerAuthentication');
  expect(peers?.['spec']).toMatchObject({ mtls: { mode: 'STRICT' }, portLevelMtls: { 9090: { mode: 'PERMISSIVE' } } });
  const [callers] = ofKind(manifests, 'AuthorizationPolicy');
  expect(callers?.['spec']).toMatchObject({
    selector: { matchLabels: { app: 'sekisho-guard' } },
    rules: [
      { from: [{ source: { principals: ['*'] } }], to: [{ operation: { ports: ['8080'] } }] },
      { to: [{ operation: { ports: ['9090'] } }] },
    ],
  });
  expect(toYaml(ofKind(manifests, 'Deployment'))).toContain('sidecar.istio.io/inject: "true"');
});

test('of the auth service its administration is behind no gateway', () => {
  const routes = ofKind(guarded().manifests, 'HTTPRoute');
  const { spec } = routes[0] as unknown as { spec: { rules: { backendRefs: unknown; matches: unknown }[] } };
  expect(routes).toHaveLength(1);
  expect(spec.rules.map(({ backendRefs }) => backendRefs)).toEqual([[{ name: 'auth', port: 80 }]]);
  for (const path of ['/v1/signers', '/v1/users', '/v1/keys', '/v1/revocations', '/']) {
    expect(spec.rules[0]?.matches).not.toContainEqual({ path: expect.objectContaining({ value: path }) });
  }
});

test('a gateway takes routes of no other kind than the guard reads: it would not know where a request goes', () => {
  const allowed = ofKind(guarded().manifests, 'Gateway').flatMap(({ spec }) =>
    (spec as { listeners: { allowedRoutes: { kinds?: unknown } }[] }).listeners.map((one) => one.allowedRoutes.kinds),
  );
  expect(allowed).toEqual([[{ kind: 'HTTPRoute' }], [{ kind: 'HTTPRoute' }]]);
});

test('a guarded edge is a second gateway whose policy asks the guard, which may only read, under the name that the mesh knows', () => {
  const { manifests, edge } = guarded();
  const { edge: ref } = { edge: { name: 'edge', namespace: 'istio-edge' } };
  expect(edge?.gateway).toMatchObject(ref);
  const [policy] = ofKind(manifests, 'ServiceAuthPolicy').map(parseServiceAuthPolicy);
  expect(policy).toMatchObject({ ok: true, value: { spec: { revocation: { check: 'Edge' } } } });
  const role = ofKind(manifests, 'ClusterRole').find(({ metadata }) => metadata.name === 'sekisho-guard');
  const rules = role?.['rules'] as { verbs: string[]; resources: string[] }[];
  expect(rules.every(({ verbs }) => verbs.every((verb) => ['list', 'watch'].includes(verb)))).toBe(true);
  expect(rules.flatMap(({ resources }) => resources)).not.toContain('secrets');
  const meshConfig = readFileSync(join(import.meta.dirname, '../../istio/mesh-config.yaml'), 'utf8');
  expect(edge && meshConfig.split(`service: ${serviceHost(edge.guard)}`)).toHaveLength(3);
  const shop = renderShop({ target: 'local', edge: ref, web: { gateway: ref, issuer } });
  const routes = ofKind(shop.manifests, 'HTTPRoute');
  expect(routes).toHaveLength(5);
  expect(routes.every((one) => JSON.stringify(one).includes('"istio-edge"'))).toBe(true);
});
