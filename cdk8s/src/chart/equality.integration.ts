import { afterAll, describe, expect, inject, test } from 'vitest';
import { stringify } from 'yaml';
import type { Manifest } from '../kubernetes.ts';
import { PLATFORM_NAMESPACE } from '../platform.ts';
import type { RegionProps } from '../region.ts';
import { type Installation, installed } from './platform-tree.ts';
import { Helm } from './testing/helm.ts';

const helm = new Helm(inject('helm'));
afterAll(() => helm.close());

const issuer = 'https://auth.example.org';
const bootstrapAdminEmail = 'administrator@example.org';
const trustedProxies = ['10.244.0.0/16', '2001:db8::1'];
const routesFrom = ['shop', 'staging'];
const publicGateway = { create: true, routesFrom };
/** The one that asks nobody is not made unless it is asked for. */
const base = { issuer, gateway: false } as const;

interface Profile {
  readonly name: string;
  readonly values: object;
  readonly options: Installation;
}

const scaled = { min: 3, max: 9, targetCpu: '600m' };
const mesh = { trustDomain: 'prod.example.org', rootNamespace: 'istio-config', istiodNamespace: 'istio-control' };
const configMap = { namespace: 'istio-control', name: 'istio-stable' };
const prometheus = { podSelector: { matchLabels: { app: 'prometheus' } } };
const watched = {
  ...{ labels: { release: 'prometheus' }, interval: '15s', runbooks: 'https://wiki.example.org/runbooks/' },
  ...{ proxies: false, dashboards: false },
};
const collector = 'http://otel-collector.observability:4318';
const traced = { sampler: 'parentbased_always_on', collector: { to: [prometheus], ports: [14_318] } } as const;
const peers = { metricsFrom: [], administrationFrom: [prometheus], authFrom: [prometheus, { podSelector: {} }] };
const cache = { to: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [6380] };

const refusing: RegionProps = {
  ...{ name: 'asia-1', all: ['us', 'eu', 'asia-1'], maxStalenessSeconds: 86_400 },
  ...{ databaseReplica: true, databaseReplicaMaxAgeSeconds: 60 },
  ...{ withoutGlobal: 'refuse', withoutLocal: 'refuse' },
};

const PROFILES: readonly Profile[] = [
  { name: 'defaults', values: {}, options: { ...base, edge: {}, routesFrom: [] } },
  {
    name: 'a first administrator, proxies that are believed, and routes',
    values: { auth: { bootstrapAdminEmail, trustedProxies }, edgeGateway: { routesFrom }, publicGateway },
    options: { issuer, edge: {}, routesFrom, bootstrapAdminEmail, auth: { trustedProxies } },
  },
  {
    name: 'gateways without a load balancer',
    values: {
      edgeGateway: { routesFrom, annotations: { 'networking.istio.io/service-type': 'ClusterIP' } },
      publicGateway: { ...publicGateway, annotations: { 'networking.istio.io/service-type': 'ClusterIP' } },
    },
    options: { issuer, edge: {}, routesFrom, gatewayServiceType: 'ClusterIP' },
  },
  { name: 'no guard', values: { guard: { enabled: false }, publicGateway }, options: { issuer, routesFrom } },
  {
    name: 'an operator of an earlier release',
    values: { tokenIssuer: { requireClientId: false } },
    options: { ...base, edge: {}, routesFrom: [], requireClientId: false },
  },
  {
    name: 'no guard, stores of its own',
    values: { guard: { enabled: false }, redis: { enabled: true }, postgresql: { enabled: true } },
    options: { ...base, redis: {}, postgresql: {} },
  },
  {
    name: 'a gateway that is there',
    values: { edgeGateway: { create: false, name: 'outer', namespace: 'ingress' } },
    options: { ...base, edge: { gateway: { name: 'outer', namespace: 'ingress' } } },
  },
  {
    name: 'stores of its own that keep nothing, no network policies',
    values: {
      network: { enabled: false },
      redis: { enabled: true, volume: { enabled: false } },
      postgresql: { enabled: true, volume: { enabled: false } },
    },
    options: {
      ...base,
      edge: {},
      routesFrom: [],
      network: false,
      redis: { volume: false },
      postgresql: { volume: false },
    },
  },
  {
    name: 'a guard in the mesh, autoscaling',
    values: {
      guard: { meshed: true, loginPath: '/login', autoscaling: { enabled: true, ...scaled } },
      auth: { autoscaling: { enabled: true, ...scaled } },
    },
    options: {
      ...{ ...base, edge: {}, routesFrom: [] },
      auth: { replicas: scaled },
      guard: { meshed: true, loginPath: '/login', replicas: scaled },
    },
  },
  {
    name: 'a mesh and a network of its own',
    values: {
      mesh: { ...mesh, configMap },
      network: { ...peers, redis: cache, web: { ports: [] } },
      guard: { meshed: true },
      postgresql: { enabled: true },
    },
    options: {
      ...{ ...base, edge: {}, routesFrom: [], guard: { meshed: true }, postgresql: {} },
      mesh: { ...mesh, meshConfig: configMap },
      network: { ...peers, redis: cache, web: { ports: [] } },
    },
  },
  {
    name: 'nobody who reads metrics',
    values: { network: { metricsFrom: [] } },
    options: { ...base, edge: {}, routesFrom: [], network: { metricsFrom: [] } },
  },
  {
    name: 'traces',
    values: { traces: { endpoint: collector } },
    options: { ...base, edge: {}, routesFrom: [], traces: { endpoint: collector } },
  },
  {
    name: 'traces to a collector that is named, of a guard in the mesh',
    values: { guard: { meshed: true }, traces: { endpoint: collector, ...traced } },
    options: { ...base, edge: {}, routesFrom: [], guard: { meshed: true }, traces: { endpoint: collector, ...traced } },
  },
  {
    name: 'traces without a guard, no network policies',
    values: { guard: { enabled: false }, network: { enabled: false }, traces: { endpoint: collector } },
    options: { ...base, network: false, traces: { endpoint: collector } },
  },
  {
    name: 'one of several regions',
    values: { region: { name: 'eu', all: ['us', 'eu'] } },
    options: { ...base, edge: {}, routesFrom: [], region: { name: 'eu', all: ['us', 'eu'] } },
  },
  {
    name: 'a region that refuses, with a replica and a network of its own',
    values: { region: refusing, network: { globalRedis: cache }, guard: { meshed: true } },
    options: {
      ...{ ...base, edge: {}, routesFrom: [], guard: { meshed: true } },
      region: refusing,
      network: { globalRedis: cache },
    },
  },
  {
    name: 'a region without a guard, that is watched',
    values: { guard: { enabled: false }, region: refusing, monitoring: { enabled: true } },
    options: { ...base, region: refusing, monitoring: {} },
  },
  {
    name: 'monitoring',
    values: { monitoring: { enabled: true } },
    options: { ...base, edge: {}, routesFrom: [], monitoring: {} },
  },
  {
    name: 'monitoring of no guard, as others name and scrape it',
    values: { guard: { enabled: false }, monitoring: { ...watched, enabled: true } },
    options: { ...base, monitoring: watched },
  },
];

const template = (values: object, namespace = PLATFORM_NAMESPACE) =>
  helm.template(['--namespace', namespace, '--values', '-'], stringify({ issuer, ...values }));

const identify = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

/** By kind and name, without what only Helm adds. */
function comparable(manifests: readonly Manifest[]): Record<string, unknown> {
  return Object.fromEntries(manifests.map((one) => [identify(one), withoutHelm(one)]));
}

function withoutHelm(manifest: Manifest): unknown {
  const {
    labels = {},
    annotations = {},
    ...metadata
  } = manifest.metadata as Manifest['metadata'] & {
    readonly annotations?: Readonly<Record<string, string>>;
  };
  const own = Object.entries(labels).filter(([key]) => !/^(app\.kubernetes\.io|helm\.sh)\//.test(key));
  const left = Object.entries(annotations).filter(([key]) => !key.startsWith('helm.sh/'));
  const named = { ...metadata, ...(own.length > 0 && { labels: Object.fromEntries(own) }) };
  return { ...manifest, metadata: { ...named, ...(left.length > 0 && { annotations: Object.fromEntries(left) }) } };
}

describe('what Helm renders is what cdk8s renders', () => {
  test.each(PROFILES)('with $name', async ({ values, options }) => {
    const plain: readonly Manifest[] = JSON.parse(JSON.stringify(installed(options)));
    expect(comparable(await template(values))).toEqual(comparable(plain));
  });
});

test('in another namespace nothing names the usual one', async () => {
  const values = { auth: { bootstrapAdminEmail }, redis: { enabled: true }, monitoring: { enabled: true } };
  const manifests = await template(values, 'elsewhere');
  expect(manifests.length).toBeGreaterThan(20);
  expect(JSON.stringify(manifests)).not.toContain(PLATFORM_NAMESPACE);
});
