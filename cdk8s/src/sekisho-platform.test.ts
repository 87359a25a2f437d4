import { describe, expect, test } from 'vitest';
import { type Manifest, toYaml } from './kubernetes.ts';
import { type PlatformOptions, renderPlatform } from './platform.ts';

const issuer = 'https://auth.example';
const rendered = (options: Partial<PlatformOptions> = {}) => renderPlatform({ issuer, ...options });
const ofKind = (manifests: readonly Manifest[], kind: string) => manifests.filter((one) => one.kind === kind);
const named = (manifests: readonly Manifest[], kind: string, name: string) =>
  manifests.find((one) => one.kind === kind && one.metadata.name === name);

test('with everything of its own it is what was reviewed', async () => {
  const { manifests } = rendered({
    edge: {},
    redis: {},
    postgresql: {},
    auth: { replicas: { min: 2, max: 6 } },
    guard: { replicas: { min: 3, max: 12, targetCpu: '600m' }, meshed: true },
    gatewayServiceType: 'ClusterIP',
    traces: { endpoint: 'http://otel-collector.observability:4318' },
  });
  await expect(toYaml(manifests)).toMatchFileSnapshot('./testdata/platform-whole-cluster.yaml');
});

describe('by default it outlives the loss of a node', () => {
  const { manifests } = rendered({ edge: {} });
  const deployments = ofKind(manifests, 'Deployment');

  test('there are three Deployments', () => {
    expect(deployments.map(({ metadata }) => metadata.name)).toEqual(['sekisho-operator', 'auth', 'sekisho-guard']);
  });

  test.each(deployments)(
    '$metadata.name has two pods, on two nodes, of which one at most is taken away',
    (deployment) => {
      const { name } = deployment.metadata;
      expect(deployment).toMatchObject({
        spec: {
          replicas: 2,
          strategy: { rollingUpdate: { maxUnavailable: 0 } },
          template: {
            spec: {
              topologySpreadConstraints: expect.arrayContaining([
                expect.objectContaining({ topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' }),
              ]),
            },
          },
        },
      });
      const budget = named(manifests, 'PodDisruptionBudget', name);
      expect(budget).toMatchObject({ spec: { maxUnavailable: 1, selector: { matchLabels: { app: name } } } });
    },
  );
});

test('an autoscaler owns the number of pods', () => {
  const { manifests } = rendered({ auth: { replicas: { min: 2, max: 6 } } });
  expect(named(manifests, 'Deployment', 'auth')?.['spec']).not.toHaveProperty('replicas');
  expect(ofKind(manifests, 'HorizontalPodAutoscaler')).toMatchObject([
    { spec: { scaleTargetRef: { kind: 'Deployment', name: 'auth' }, minReplicas: 2, maxReplicas: 6 } },
  ]);
});

describe('NetworkPolicies', () => {
  type Rules = { ingress?: { from?: unknown[]; ports: { port: number }[] }[]; egress?: { to?: unknown[] }[] };
  const policies = (options: Partial<PlatformOptions>) =>
    new Map(
      ofKind(rendered(options).manifests, 'NetworkPolicy').map(({ metadata, spec }) => [metadata.name, spec as Rules]),
    );

  test('deny what no other allows, in both directions', () => {
    expect(policies({}).get('default-deny')).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  });

  test('let anybody in to the webhook alone: the API server is where no selector finds it', () => {
    const open = [...policies({ edge: {}, redis: {}, postgresql: {} })].flatMap(([name, { ingress = [] }]) =>
      ingress.filter(({ from }) => from === undefined).map(({ ports }) => [name, ports.map(({ port }) => port)]),
    );
    expect(open).toEqual([['sekisho-operator', [9443]]]);
  });

  test('let Prometheus read metrics from the namespaces that are named, and nobody from none', () => {
    const text = JSON.stringify([...policies({ network: { metricsFrom: ['watch'] } })]);
    expect(text).toContain('"kubernetes.io/metadata.name":"watch"');
    expect(text).not.toContain('"monitoring"');
    const none = policies({ edge: {}, network: { metricsFrom: [] } });
    const ports = [...none.values()].flatMap(({ ingress = [] }) => ingress.flatMap((rule) => rule.ports));
    expect(ports.map(({ port }) => port)).toEqual([9443, 8080, 8080]);
  });

  test('lead auth and guard to stores of the platform and to no others, and only them', () => {
    const { redis, postgresql } = { redis: {}, postgresql: {} };
    const own = policies({ edge: {}, redis, postgresql });
    const store = (app: string) => ({ podSelector: { matchLabels: { app } } });
    expect(own.get('auth')?.egress).toContainEqual(
      expect.objectContaining({ to: [expect.objectContaining(store('sekisho-redis'))] }),
    );
    expect(JSON.stringify([...own])).not.toContain('26379');
    expect(own.get('sekisho-redis')).toMatchObject({
      ingress: [{ from: [store('auth'), store('sekisho-guard')], ports: [{ port: 6379 }] }],
      egress: [],
    });
    expect(own.get('sekisho-postgresql')).toMatchObject({
      ingress: [{ from: [store('auth')], ports: [{ port: 5432 }] }],
      egress: [],
    });
  });

  test('are not there where somebody else makes them', () => {
    expect(policies({ edge: {}, redis: {}, postgresql: {}, network: false }).size).toBe(0);
  });
});

test('stores keep what they hold on volumes, unless they are told not to', () => {
  const claims = (volume: false | undefined) =>
    ofKind(rendered({ redis: { volume }, postgresql: { volume } }).manifests, 'StatefulSet').map(
      ({ spec }) => (spec as { volumeClaimTemplates?: unknown[] }).volumeClaimTemplates?.length,
    );
  expect(claims(undefined)).toEqual([1, 1]);
  expect(claims(false)).toEqual([undefined, undefined]);
});

test('a Gateway that is there already is guarded, and none is made', () => {
  const own = { name: 'front', namespace: 'ingress' };
  const { manifests, gateway, edge } = rendered({ gateway: false, edge: { gateway: own } });
  expect([gateway, edge?.gateway]).toEqual([undefined, own]);
  expect(ofKind(manifests, 'Gateway')).toEqual([]);
  expect(ofKind(manifests, 'ServiceAuthPolicy')).toContainEqual(
    expect.objectContaining({
      metadata: own,
      spec: expect.objectContaining({ targetRefs: [expect.objectContaining({ name: 'front' })] }),
    }),
  );
  expect(ofKind(manifests, 'HTTPRoute')).toMatchObject([{ spec: { parentRefs: [own] } }]);
});

describe('what contradicts itself is refused', () => {
  const refused = 'platform_invalid';
  test.each<[string, Partial<PlatformOptions>]>([
    ['the namespace of the gateway that asks nobody', { namespace: 'istio-ingress' }],
    ['the namespace of the gateway that asks the guard', { namespace: 'istio-edge', gateway: false, edge: {} }],
    ['a guard for the gateway that asks nobody', { edge: { gateway: { name: 'public', namespace: 'istio-ingress' } } }],
  ])('%s', (_, options) => {
    expect(() => rendered(options)).toThrow(expect.objectContaining({ code: refused }));
  });

  test('but what is not made may be anywhere', () => {
    const gateway = { name: 'public', namespace: 'istio-ingress' };
    expect(() => rendered({ gateway: false, namespace: 'istio-edge', edge: { gateway } })).not.toThrow();
  });
});

test('every part that is asked serves on until others know that its pod ends', () => {
  for (const { metadata, spec } of ofKind(rendered({ edge: {} }).manifests, 'Deployment')) {
    const lifecycle = { preStop: { sleep: { seconds: 5 } } };
    const container = expect.objectContaining({ lifecycle });
    expect({ name: metadata.name, spec }).toMatchObject({
      spec: { template: { spec: { terminationGracePeriodSeconds: 25, containers: [container] } } },
    });
  }
});

test('names are asked for at the port of the resolver, and at that of its pods on OpenShift', () => {
  const policies = ofKind(rendered({ edge: {} }).manifests, 'NetworkPolicy').filter(
    ({ metadata }) => metadata.name !== 'default-deny',
  );
  expect(policies).toHaveLength(3);
  for (const { spec } of policies) {
    const ports = [53, 5353].flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ protocol, port })));
    expect((spec as { egress: unknown[] }).egress).toContainEqual({ ports });
  }
});

test('what it is made of follows its namespace', () => {
  const { manifests } = rendered({ namespace: 'checkpoint', edge: {}, redis: {}, postgresql: {} });
  expect(toYaml(manifests)).not.toContain('sekisho-system');
});
