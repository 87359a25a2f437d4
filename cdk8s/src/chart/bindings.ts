import type { Path } from './edits.ts';

/** A field of a manifest that a value of the chart decides, and that is no text: those are marked (see markers.ts). */
export type Binding = {
  /** `Kind/name` of the manifest as it is rendered. */
  readonly of: string;
  readonly at: Path;
} & (
  | {
      /** Path under `.Values`; its default is what is rendered. */
      readonly value: string;
    }
  | {
      /** An expression, braces included. */
      readonly expression: string;
    }
  | {
      /** Path of a list under `.Values`, whose items stand in place of the one that is rendered. */
      readonly items: string;
    }
);

/** A field that is not rendered. */
export type Addition = {
  readonly of: string;
  /** Of the map or list that it is added to. */
  readonly at: Path;
} & (
  | {
      /** In a map. @default the value's own lines */
      readonly key?: string;
      /** Path under `.Values`; the field is there when it is not empty. */
      readonly value: string;
    }
  | {
      /** An expression, without braces, that writes the field or nothing. */
      readonly lines: string;
    }
);

const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;
const ROUTES = 'spec.listeners.0.allowedRoutes.namespaces.selector.matchExpressions.0.values';
const CLAIM = 'spec.volumeClaimTemplates.0.spec';

interface Workload {
  readonly of: `${'Deployment' | 'StatefulSet'}/${string}`;
  /** Its values. */
  readonly part: string;
}

const DEPLOYMENTS: readonly Workload[] = [
  { of: 'Deployment/sekisho-operator', part: 'operator' },
  { of: 'Deployment/auth', part: 'auth' },
  { of: 'Deployment/sekisho-guard', part: 'guard' },
];
const STORES: readonly Workload[] = [
  { of: 'StatefulSet/sekisho-redis', part: 'redis' },
  { of: 'StatefulSet/sekisho-postgresql', part: 'postgresql' },
];
const WORKLOADS = [...DEPLOYMENTS, ...STORES];

/** What auth and guard are told of their region; its name is marked. */
function region(of: string): Binding[] {
  const at = (variable: string) => `${CONTAINER}.env.[${variable}].value`;
  return [
    { of, at: at('REGIONS'), expression: '{{ join "," .Values.region.all | quote }}' },
    { of, at: at('REGION_MAX_STALENESS_SECONDS'), expression: '{{ .Values.region.maxStalenessSeconds | quote }}' },
    { of, at: at('SESSIONS_WITHOUT_GLOBAL'), value: 'region.withoutGlobal' },
    { of, at: at('SESSIONS_WITHOUT_LOCAL'), value: 'region.withoutLocal' },
  ];
}

function autoscaling(name: string, part: string): Binding[] {
  const of = `HorizontalPodAutoscaler/${name}`;
  return [
    { of, at: 'spec.minReplicas', value: `${part}.autoscaling.min` },
    { of, at: 'spec.maxReplicas', value: `${part}.autoscaling.max` },
    {
      of,
      at: 'spec.metrics.0.containerResource.target.averageValue',
      value: `${part}.autoscaling.targetCpu`,
    },
  ];
}

/** The number that an autoscaler finds: Kubernetes would make one of a number that is no longer named. */
function found(name: string, part: string): Addition {
  const lines = `include "sekisho.replicasFound" (list $ "${name}" .Values.${part}.autoscaling)`;
  return { of: `Deployment/${name}`, at: 'spec', lines };
}

/** The one that is made and the one that is there already go by the same values. */
const edge: readonly Binding[] = [
  { of: 'Namespace/istio-edge', at: 'metadata.name', value: 'edgeGateway.namespace' },
  { of: 'Gateway/edge', at: 'metadata.name', value: 'edgeGateway.name' },
  { of: 'Gateway/edge', at: 'metadata.namespace', value: 'edgeGateway.namespace' },
  { of: 'Gateway/edge', at: 'spec.gatewayClassName', value: 'edgeGateway.className' },
  { of: 'Gateway/edge', at: `${ROUTES}.1`, items: 'edgeGateway.routesFrom' },
  { of: 'ServiceAuthPolicy/edge', at: 'metadata.name', value: 'edgeGateway.name' },
  { of: 'ServiceAuthPolicy/edge', at: 'metadata.namespace', value: 'edgeGateway.namespace' },
  { of: 'ServiceAuthPolicy/edge', at: 'spec.targetRefs.0.name', value: 'edgeGateway.name' },
  { of: 'HTTPRoute/auth', at: 'spec.parentRefs.0.name', value: 'edgeGateway.name' },
  { of: 'HTTPRoute/auth', at: 'spec.parentRefs.0.namespace', value: 'edgeGateway.namespace' },
];

export const BINDINGS: readonly Binding[] = [
  ...WORKLOADS.map(({ of, part }): Binding => ({ of, at: `${CONTAINER}.resources`, value: `${part}.resources` })),
  ...DEPLOYMENTS.map(
    ({ of }): Binding => ({ of, at: `${CONTAINER}.env.[OTEL_TRACES_SAMPLER].value`, value: 'traces.sampler' }),
  ),
  { of: 'Deployment/sekisho-operator', at: 'spec.replicas', value: 'operator.replicas' },
  { of: 'Deployment/auth', at: 'spec.replicas', value: 'auth.replicas' },
  { of: 'Deployment/sekisho-guard', at: 'spec.replicas', value: 'guard.replicas' },
  ...autoscaling('auth', 'auth'),
  ...autoscaling('sekisho-guard', 'guard'),
  ...region('Deployment/auth'),
  ...region('Deployment/sekisho-guard'),
  {
    of: 'Deployment/auth',
    at: `${CONTAINER}.env.[DATABASE_REPLICA_MAX_AGE_SECONDS].value`,
    expression: '{{ .Values.region.databaseReplicaMaxAgeSeconds | quote }}',
  },
  ...edge,
  { of: 'NetworkPolicy/auth', at: 'spec.ingress.0.from.0', items: 'network.authFrom' },
  { of: 'Gateway/public', at: 'spec.gatewayClassName', value: 'publicGateway.className' },
  { of: 'Gateway/public', at: ROUTES, expression: '{{ include "sekisho.publicRoutes" . }}' },
  { of: 'StatefulSet/sekisho-redis', at: `${CONTAINER}.args.7`, expression: '{{ .Values.redis.maxMemory }}mb' },
  { of: 'StatefulSet/sekisho-postgresql', at: `${POD}.securityContext.runAsUser`, value: 'postgresql.user' },
  { of: 'StatefulSet/sekisho-postgresql', at: `${POD}.securityContext.runAsGroup`, value: 'postgresql.user' },
  { of: 'StatefulSet/sekisho-postgresql', at: `${POD}.securityContext.fsGroup`, value: 'postgresql.user' },
  ...STORES.map(
    ({ of, part }): Binding => ({ of, at: `${CLAIM}.resources.requests.storage`, value: `${part}.volume.size` }),
  ),
];

/** What every pod may be given. */
const SCHEDULING = ['nodeSelector', 'tolerations', 'affinity', 'priorityClassName'] as const;

/** Prometheus chooses by their labels. */
const CHOSEN = ['operator', 'auth', 'guard', 'proxies'].map((part) => `PodMonitor/sekisho-${part}`);

export const ADDITIONS: readonly Addition[] = [
  ...WORKLOADS.flatMap(({ of, part }): Addition[] => [
    { of, at: CONTAINER, key: 'imagePullPolicy', value: 'images.pullPolicy' },
    { of, at: POD, key: 'imagePullSecrets', value: 'images.pullSecrets' },
    ...SCHEDULING.map((key): Addition => ({ of, at: POD, key, value: `${part}.${key}` })),
    { of, at: 'spec.template.metadata', key: 'annotations', value: `${part}.podAnnotations` },
    { of, at: 'spec.template.metadata.labels', value: `${part}.podLabels` },
  ]),
  ...DEPLOYMENTS.map(({ of, part }): Addition => ({ of, at: `${CONTAINER}.env`, value: `${part}.extraEnv` })),
  ...STORES.map(
    ({ of, part }): Addition => ({ of, at: CLAIM, key: 'storageClassName', value: `${part}.volume.storageClassName` }),
  ),
  found('auth', 'auth'),
  found('sekisho-guard', 'guard'),
  { of: 'Gateway/edge', at: 'metadata', key: 'annotations', value: 'edgeGateway.annotations' },
  { of: 'Gateway/public', at: 'metadata', key: 'annotations', value: 'publicGateway.annotations' },
  ...[...CHOSEN, 'PrometheusRule/sekisho'].map(
    (of): Addition => ({ of, at: 'metadata.labels', value: 'monitoring.labels' }),
  ),
];
