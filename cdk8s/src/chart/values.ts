import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox';
import { MAX_REGIONS, REGION_NAME, WITHOUT_GLOBAL, WITHOUT_LOCAL } from '../region.ts';
import { COLLECTOR_URL, SAMPLERS } from '../traces.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const QUANTITY = '^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$';
const NAME = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$';

/** Closed: a misspelt value is refused, not ignored. */
const group = <T extends TProperties>(description: string, properties: T): TObject<T> =>
  Type.Object(properties, { additionalProperties: false, description });
const text = (description: string, options: { readonly pattern?: string; readonly maxLength?: number } = {}) =>
  Type.String({ description, ...options });
const name = (description: string) => text(description, { pattern: NAME });
const objects = (description: string) => Type.Array(Type.Object({}), { description });
const strings = (description: string) => Type.Record(Type.String(), Type.String(), { description });
/** @param ours keys that the chart sets: YAML has no meaning where one is there twice */
const labels = (description: string, ours: readonly string[]) => {
  const properties = Object.fromEntries(ours.map((key) => [key, false]));
  return Type.Record(Type.String(), Type.String(), { description, properties });
};
const namespaces = (description: string) =>
  Type.Array(Type.String({ pattern: NAME }), { description, maxItems: 64, uniqueItems: true });

const image = group('Where its image is.', {
  repository: text('Below `images.registry`.', { pattern: '^[a-z0-9][a-z0-9._/:-]*$' }),
  tag: text('Empty: the `appVersion` of the chart.', { pattern: '^[A-Za-z0-9._-]*$', maxLength: 128 }),
  digest: text('`sha256:...`, instead of the tag.', { pattern: '^(sha256:[0-9a-f]{64})?$' }),
});

const quantity = Type.Union([Type.String(), Type.Number()]);
const resources = Type.Object(
  {
    requests: Type.Optional(Type.Record(Type.String(), quantity)),
    limits: Type.Optional(Type.Record(Type.String(), quantity)),
  },
  { additionalProperties: false, description: 'Requests and limits of its container.' },
);

/** What every pod may be given. */
const scheduling = {
  podAnnotations: strings('Annotations of its pods.'),
  podLabels: labels('Labels of its pods, beside `app`.', ['app']),
  nodeSelector: strings('Labels of the nodes that may run it.'),
  tolerations: objects('Taints of nodes that it tolerates.'),
  affinity: Type.Object({}, { description: 'Where its pods are drawn to, and where not.' }),
  priorityClassName: text('Which pods make room for it.'),
};

const autoscaling = group('As many pods as their CPU asks for, instead of `replicas`. Needs metrics-server.', {
  enabled: Type.Boolean({ description: 'Whether there is a HorizontalPodAutoscaler.' }),
  min: Type.Integer({ minimum: 1, maximum: 100, description: 'At least 2, or the loss of a node is an outage.' }),
  max: Type.Integer({ minimum: 1, maximum: 100, description: 'At most so many.' }),
  targetCpu: text('CPU of the average pod above which another is added.', { pattern: QUANTITY }),
});

const part = <T extends TProperties>(description: string, properties: T) =>
  group(description, {
    image,
    replicas: Type.Integer({ minimum: 0, maximum: 100, description: 'How many pods.' }),
    resources,
    extraEnv: objects(
      'Environment beside what the chart sets: `[{ name, value }]`. Settings are in the docs of the part.',
    ),
    ...scheduling,
    ...properties,
  });

const store = <T extends TProperties>(description: string, properties: T) =>
  group(description, {
    enabled: Type.Boolean({ description: 'Whether there is one. Production brings its own.' }),
    image,
    volume: group('Where it keeps what it holds.', {
      enabled: Type.Boolean({ description: 'Whether it has a volume. False: what it holds ends with its pod.' }),
      size: text('Of the volume.', { pattern: QUANTITY }),
      storageClassName: text("Empty: the cluster's own."),
    }),
    resources,
    ...scheduling,
    ...properties,
  });

const destination = (description: string) =>
  group(description, {
    to: objects('Peers of a NetworkPolicy. Empty: every address.'),
    ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
      description: 'Ports of the pods or hosts behind it. Empty: it is not reached.',
      maxItems: 16,
    }),
  });

const gateway = <T extends TProperties>(description: string, properties: T) =>
  group(description, {
    create: Type.Boolean({ description: 'Whether the chart makes the Gateway and its namespace.' }),
    className: name('GatewayClass of the Gateway.'),
    annotations: strings('Annotations of the Gateway, for example `networking.istio.io/service-type: ClusterIP`.'),
    routesFrom: namespaces('Namespaces whose HTTPRoutes may attach.'),
    ...properties,
  });

/** What values.yaml holds: its schema, and the table in the README of the chart. */
export const ChartValues = group('Values of the chart.', {
  issuer: text('**Required.** The `iss` of the tokens: the address at which applications reach the auth service.', {
    pattern: '^$|^https?://[^\\s?#]+$',
    maxLength: 512,
  }),
  images: group('Of every image.', {
    registry: text('Host and path before the repositories, for example `registry.example.org/mirror`. Empty: none.', {
      pattern: '^$|^[A-Za-z0-9][A-Za-z0-9._:/-]*[A-Za-z0-9]$',
    }),
    pullPolicy: text('`Always`, `IfNotPresent` or `Never`. Empty: what Kubernetes makes of the tag.', {
      pattern: '^(Always|IfNotPresent|Never)?$',
    }),
    pullSecrets: Type.Array(group('A Secret of the namespace.', { name: name('Its name.') }), {
      description: 'Secrets for the registry: `[{ name }]`.',
    }),
  }),
  mesh: group('Facts of the mesh that is there.', {
    trustDomain: text('`trustDomain` of the mesh config.', { pattern: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$' }),
    rootNamespace: name('`rootNamespace` of the mesh config, where no policy is programmed.'),
    istiodNamespace: name('Namespace of istiod.'),
    configMap: group('The ConfigMap with the mesh config.', {
      namespace: name('Its namespace.'),
      name: text('`istio`, or `istio-REVISION`.', { pattern: '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$' }),
    }),
  }),
  operator: part('The operator: policies become objects of the mesh.', {}),
  auth: part('The auth service: accounts, sessions, tokens, keys.', {
    secretName: name(
      'Secret with `database-url`, `redis-url` and `key-encryption-key`; in a region also `global-redis-url` and `session-key`.',
    ),
    bootstrapAdminEmail: text(
      'First administrator, with `bootstrap-admin-password` of the Secret. Empty: none is made.',
      { pattern: '^([^\\s@]+@[^\\s@]+)?$', maxLength: 254 },
    ),
    trustedProxies: Type.Array(Type.String({ pattern: '^[0-9A-Fa-f.:]+(/[1-9][0-9]{0,2})?$', maxLength: 43 }), {
      description:
        "Addresses or networks of the Gateways' pods, whose `X-Forwarded-For` is believed. Empty: all log-ins come from one network, and are limited as one.",
      maxItems: 64,
    }),
    autoscaling,
  }),
  guard: part('The guard: what proxies ask about requests.', {
    enabled: Type.Boolean({ description: 'Whether there is one, and a gateway that asks it.' }),
    secretName: name(
      'Secret with `redis-url` and a `key-encryption-key` of its own; in a region also `global-redis-url`.',
    ),
    loginPath: text('Where people who open a page without a session are led, for example `/login`. Empty: nowhere.', {
      // As the guard reads it.
      pattern: '^(/([A-Za-z0-9_.~-][A-Za-z0-9_./~-]{0,254})?)?$',
    }),
    meshed: Type.Boolean({ description: 'Whether its pods get a sidecar, and answer only certificates of the mesh.' }),
    podLabels: labels('Labels of its pods, beside `app` and what `guard.meshed` sets.', [
      'app',
      'sidecar.istio.io/inject',
    ]),
    autoscaling,
  }),
  edgeGateway: gateway('The Gateway that asks the guard about every request.', {
    name: name('Of the Gateway, be it made by the chart or there already.'),
    namespace: name('Its namespace.'),
  }),
  publicGateway: gateway(
    'A Gateway `public` in `istio-ingress` that asks nobody: services verify tokens themselves.',
    {},
  ),
  network: group('Who talks with the pods of the namespace; all else is denied.', {
    enabled: Type.Boolean({ description: 'Whether there are NetworkPolicies.' }),
    metricsFrom: namespaces('Namespaces whose pods read metrics.'),
    authFrom: objects(
      'Peers that reach log-in, tokens and keys. Empty: proxies of Gateways, pods with a sidecar, and the pods of the namespace.',
    ),
    administrationFrom: objects('Peers that reach the administration of the auth service.'),
    apiServer: destination('The API server, whose own address and port a policy sees.'),
    redis: destination('Redis, unless `redis.enabled`.'),
    globalRedis: destination('The store that regions share, where there are several.'),
    postgresql: destination('PostgreSQL and a replica that is read, unless `postgresql.enabled`.'),
    web: destination('Key sets of TokenIssuers, and applications that are told of a log-out.'),
  }),
  region: group('Which of several regions this one is (docs/regions.md).', {
    name: text(
      'Of this one: lower case letters, digits and `-`. Empty: there is one region, and nothing below is read.',
      {
        pattern: `^$|${REGION_NAME}`,
      },
    ),
    all: Type.Array(Type.String({ pattern: REGION_NAME }), {
      description:
        'Names of all that are there, this one included, in the same order everywhere: first the one that there was before.',
      maxItems: MAX_REGIONS,
      uniqueItems: true,
    }),
    maxStalenessSeconds: Type.Integer({
      minimum: 10,
      maximum: 86_400,
      description:
        "Without news of another region's revocations for longer, the guard goes by `whenUnavailable` and the auth service accepts no token.",
    }),
    withoutGlobal: text(
      'Sessions that are known here while the global store is away: `local`, they go on, or `refuse`.',
      {
        pattern: `^(${WITHOUT_GLOBAL.join('|')})$`,
      },
    ),
    withoutLocal: text('What serves while the Redis of this region is away: `global`, the global store, or `refuse`.', {
      pattern: `^(${WITHOUT_LOCAL.join('|')})$`,
    }),
    databaseReplica: Type.Boolean({
      description: 'Whether the Secret of the auth service has `database-read-url`, a replica in this region.',
    }),
  }),
  traces: group('Where the spans of operator, auth service and guard go.', {
    endpoint: text(
      'Base URL of a collector that takes OTLP over HTTP, for example `http://opentelemetry-collector.observability:4318`. Empty: nothing is traced.',
      { ...COLLECTOR_URL, pattern: `^$|${COLLECTOR_URL.pattern}` },
    ),
    sampler: text('Of traces that begin in these processes. `parentbased_always_off`: proxies begin them.', {
      pattern: `^(${SAMPLERS.join('|')})$`,
    }),
    collector: destination('The pods or hosts behind the endpoint.'),
  }),
  monitoring: group('What Prometheus and Grafana read. Needs the definitions of the Prometheus operator.', {
    enabled: Type.Boolean({
      description:
        'Whether there are PodMonitors and a PrometheusRule. Needs `monitoring.coreos.com/v1`, 0.79 or later.',
    }),
    labels: labels('By which Prometheus chooses monitors and rules, for example `release: prometheus`.', [
      'helm.sh/chart',
      ...['name', 'instance', 'version', 'managed-by', 'component'].map((key) => `app.kubernetes.io/${key}`),
    ]),
    interval: text('Between two looks at a pod.', { pattern: '^[1-9][0-9]*(ms|s|m)$' }),
    runbooks: text('Where pages of docs/runbooks are read: alerts link there.', {
      pattern: '^https?://[^\\s"\'\\\\?#]+$',
      maxLength: 512,
    }),
    proxies: Type.Boolean({
      description: 'Whether all proxies are scraped. False where they are, with the labels `namespace` and `workload`.',
    }),
    dashboards: Type.Boolean({
      description: 'Whether there are ConfigMaps with dashboards, which the sidecar of Grafana finds.',
    }),
  }),
  redis: store('A Redis of its own, for who has none.', {
    program: text('The program in the image; `redis-server` in those of Redis.', { pattern: '^[a-z-]+$' }),
    secretName: name('Secret with `users.acl`: one line for each user.'),
    maxMemory: Type.Integer({ minimum: 16, maximum: 65_536, description: 'In MB, before it refuses more.' }),
  }),
  postgresql: store('A PostgreSQL of its own, for who has none.', {
    user: Type.Integer({ minimum: 1, description: 'The user of the image who may own a database.' }),
    secretName: name('Secret with the key `password`.'),
  }),
  secrets: group('Passwords and keys.', {
    generate: Type.Boolean({
      description: 'For a trial: makes the Secrets, where stores are of the chart. Refused by `helm template`.',
    }),
  }),
  global: Type.Optional(Type.Object({}, { description: 'Of a chart that has this one as a part; not read.' })),
  crds: group('The custom resource definitions.', {
    upgrade: Type.Boolean({
      description: 'Whether an upgrade brings older definitions up to date, or is refused where Helm cannot (Helm 3).',
    }),
  }),
});
export type ChartValues = Static<typeof ChartValues>;

/** As values.schema.json: Helm 3 and 4 both read draft 7. */
export function valuesSchema(): TSchema {
  const $schema = 'http://json-schema.org/draft-07/schema#';
  return { $schema, title: 'Values of the chart sekisho', ...ChartValues };
}
