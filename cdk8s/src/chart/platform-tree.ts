import type { Manifest } from '../kubernetes.ts';
import { type MonitoringOptions, renderMonitoring } from '../monitoring.ts';
import { PLATFORM_NAMESPACE, type PlatformOptions, renderPlatform } from '../platform.ts';
import { MARKERS } from './markers.ts';
import { MARKED_COLLECTOR, MARKED_NETWORK } from './traffic.ts';
import type { Child, Json } from './tree.ts';
import { merge } from './variants.ts';

/** What one release installs: the platform, and what watches it where that is given. */
export interface Installation extends PlatformOptions {
  readonly monitoring?: MonitoringOptions;
}

const { namespace, issuer, bootstrapAdminEmail, trustDomain, rootNamespace, istiodNamespace } = MARKERS;
const gateway = { name: 'edge', namespace: 'istio-edge' };
const autoscaling = { min: 2, max: 6 };

/** Everything that the chart can install. */
const FULL = {
  ...{ target: 'cluster', namespace, issuer, bootstrapAdminEmail },
  /** Left out again where the gateways are bound. */
  routesFrom: ['routes-from'],
  edge: {},
  gateway: true,
  images: { operator: MARKERS.operatorImage, auth: MARKERS.authImage, guard: MARKERS.guardImage },
  auth: { secretName: MARKERS.authSecret, replicas: autoscaling, trustedProxies: [MARKERS.trustedProxies] },
  guard: { secretName: MARKERS.guardSecret, replicas: autoscaling, loginPath: MARKERS.loginPath, meshed: true },
  redis: { image: MARKERS.redisImage, program: MARKERS.redisProgram, secretName: MARKERS.redisSecret },
  postgresql: { image: MARKERS.postgresqlImage, secretName: MARKERS.postgresqlSecret },
  network: MARKED_NETWORK,
  region: { name: MARKERS.region, all: [MARKERS.region, 'bound'], databaseReplica: true },
  traces: { endpoint: MARKERS.collector, collector: MARKED_COLLECTOR },
  mesh: {
    ...{ trustDomain, rootNamespace, istiodNamespace },
    meshConfig: { namespace: MARKERS.configMapNamespace, name: MARKERS.configMapName },
  },
  monitoring: { interval: MARKERS.scrapeInterval },
} as const satisfies Installation;

const { edge: _edge, ...unguarded } = FULL;
const { bootstrapAdminEmail: _email, ...unadministered } = FULL;
const { redis: _redis, ...withoutRedis } = FULL;
const { postgresql: _postgresql, ...withoutPostgresql } = FULL;
const { monitoring: _monitoring, ...unwatched } = FULL;
const { traces: _traces, ...untraced } = FULL;
const { region: _region, ...alone } = FULL;
const { loginPath: _loginPath, ...pageless } = FULL.guard;
const { trustedProxies: _trustedProxies, ...direct } = FULL.auth;
const { authFrom: _authFrom, ...network } = FULL.network;

/** What a value of the chart switches on, and the options without it. */
const SWITCHES: readonly { readonly condition: string; readonly off: Installation }[] = [
  { condition: '.Values.guard.enabled', off: unguarded },
  { condition: '(include "sekisho.requiresClientId" .)', off: { ...FULL, requireClientId: false } },
  { condition: '.Values.guard.loginPath', off: { ...FULL, guard: pageless } },
  { condition: '.Values.guard.meshed', off: { ...FULL, guard: { ...FULL.guard, meshed: false } } },
  { condition: '.Values.guard.autoscaling.enabled', off: { ...FULL, guard: { ...FULL.guard, replicas: 2 } } },
  { condition: '.Values.auth.autoscaling.enabled', off: { ...FULL, auth: { ...FULL.auth, replicas: 2 } } },
  { condition: '.Values.auth.bootstrapAdminEmail', off: unadministered },
  { condition: '.Values.auth.trustedProxies', off: { ...FULL, auth: direct } },
  { condition: '.Values.edgeGateway.create', off: { ...FULL, edge: { gateway } } },
  { condition: '.Values.publicGateway.create', off: { ...FULL, gateway: false } },
  { condition: '.Values.network.enabled', off: { ...FULL, network: false } },
  { condition: '.Values.network.authFrom', off: { ...FULL, network } },
  { condition: '.Values.traces.endpoint', off: untraced },
  { condition: '.Values.region.name', off: alone },
  {
    condition: '.Values.region.databaseReplica',
    off: { ...FULL, region: { ...FULL.region, databaseReplica: false } },
  },
  { condition: '.Values.redis.enabled', off: withoutRedis },
  { condition: '.Values.redis.volume.enabled', off: { ...FULL, redis: { ...FULL.redis, volume: false } } },
  { condition: '.Values.postgresql.enabled', off: withoutPostgresql },
  {
    condition: '.Values.postgresql.volume.enabled',
    off: { ...FULL, postgresql: { ...FULL.postgresql, volume: false } },
  },
  { condition: '.Values.monitoring.enabled', off: unwatched },
  {
    condition: '.Values.monitoring.proxies',
    off: { ...FULL, monitoring: { ...FULL.monitoring, proxies: false } },
  },
  {
    condition: '.Values.monitoring.dashboards',
    off: { ...FULL, monitoring: { ...FULL.monitoring, dashboards: false } },
  },
];

/** What is rendered, whatever is switched on: one child for each manifest. */
export function platformTree(): readonly Child[] {
  const variants = SWITCHES.map(({ condition, off }) => ({ condition, off: rendered(off) }));
  const node = merge(rendered(FULL), variants);
  return node.type === 'list' ? node.children : [];
}

/** All but the namespace, in which Helm keeps its own record of the release before anything else. */
export function installed(installation: Installation): readonly Manifest[] {
  const { namespace = PLATFORM_NAMESPACE, monitoring, ...options } = installation;
  const platform = renderPlatform({ ...options, namespace });
  const watching = monitoring === undefined ? [] : renderMonitoring(platform, monitoring);
  const own = platform.manifests.filter(({ kind, metadata }) => kind !== 'Namespace' || metadata.name !== namespace);
  return [...own, ...watching];
}

/** Plain data: what was rendered may hold undefined fields. */
function rendered(installation: Installation): readonly Json[] {
  return JSON.parse(JSON.stringify(installed(installation)));
}
