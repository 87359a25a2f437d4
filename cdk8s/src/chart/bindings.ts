import type { Path } from './edits.ts';

/** A field of a manifest that a value of the chart decides. */
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

/** A field that is not rendered, and there when the value is not empty. */
export interface Addition {
  readonly of: string;
  /** Of the map or list that it is added to. */
  readonly at: Path;
  /** In a map. @default the value's own lines */
  readonly key?: string;
  readonly value: string;
}

/** Rendered in their place, so that it shows where they went. */
export const MARKERS = {
  issuer: 'https://issuer.invalid',
  bootstrapAdminEmail: 'administrator@issuer.invalid',
  routesFrom: 'routes-from',
} as const;

const CONTAINER = 'spec.template.spec.containers.0';
const env = (name: string): Path => `${CONTAINER}.env.[${name}].value`;
const secretKey = (name: string): Path => `${CONTAINER}.env.[${name}].valueFrom.secretKeyRef.name`;
const MOUNTED = 'spec.template.spec.volumes.[secrets].secret.secretName';
const ROUTES = 'spec.listeners.0.allowedRoutes.namespaces.selector.matchExpressions.0.values';

/** Each Deployment, and where its values are. */
export const PARTS = { 'sekisho-operator': 'operator', auth: 'auth', 'sekisho-guard': 'guard' } as const;

const perPart = Object.entries(PARTS).flatMap(([name, part]): Binding[] => [
  {
    of: `Deployment/${name}`,
    at: `${CONTAINER}.image`,
    expression: `{{ include "sekisho.image" (list . .Values.${part}.image) }}`,
  },
  { of: `Deployment/${name}`, at: `${CONTAINER}.resources`, value: `${part}.resources` },
  { of: `Deployment/${name}`, at: 'spec.replicas', value: `${part}.replicas` },
]);

const issuer = '{{ include "sekisho.issuer" . | quote }}';
const secrets = [
  ['auth', secretKey('REDIS_URL')],
  ['auth', secretKey('DATABASE_URL')],
  ['auth', MOUNTED],
  ['sekisho-guard', secretKey('REDIS_URL')],
  ['sekisho-guard', MOUNTED],
] as const;

const meshConfig = ['Role', 'RoleBinding'].map(
  (kind): Binding => ({
    of: `${kind}/sekisho-operator-mesh-config`,
    at: 'metadata.namespace',
    value: 'mesh.configMap.namespace',
  }),
);
const istiod = ['Role', 'RoleBinding'].map(
  (kind): Binding => ({
    of: `${kind}/sekisho-operator-istiod`,
    at: 'metadata.namespace',
    value: 'mesh.istiodNamespace',
  }),
);

const edge: Binding[] = [
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
  { of: 'Gateway/public', at: 'spec.gatewayClassName', value: 'publicGateway.className' },
  { of: 'Gateway/public', at: `${ROUTES}.0`, items: 'publicGateway.routesFrom' },
];

export const BINDINGS: readonly Binding[] = [
  ...perPart,
  ...secrets.map(([name, at]): Binding => ({ of: `Deployment/${name}`, at, value: `${PARTS[name]}.secretName` })),
  ...meshConfig,
  ...istiod,
  ...edge,
  { of: 'Role/sekisho-operator-mesh-config', at: 'rules.0.resourceNames.0', value: 'mesh.configMap.name' },
  { of: 'Deployment/sekisho-operator', at: env('TRUST_DOMAIN'), value: 'mesh.trustDomain' },
  { of: 'Deployment/sekisho-operator', at: env('ROOT_NAMESPACE'), value: 'mesh.rootNamespace' },
  { of: 'Deployment/sekisho-operator', at: env('ISTIOD_NAMESPACE'), value: 'mesh.istiodNamespace' },
  {
    of: 'Deployment/sekisho-operator',
    at: env('MESH_CONFIG_MAP'),
    expression: '"{{ .Values.mesh.configMap.namespace }}/{{ .Values.mesh.configMap.name }}"',
  },
  { of: 'Deployment/auth', at: env('AUTH_ISSUER'), expression: issuer },
  {
    of: 'Deployment/auth',
    at: env('BOOTSTRAP_ADMIN_EMAIL'),
    expression: '{{ .Values.auth.bootstrapAdminEmail | quote }}',
  },
  { of: 'Deployment/sekisho-guard', at: env('AUTH_ISSUER'), expression: issuer },
  { of: 'Deployment/sekisho-guard', at: env('TRUST_DOMAIN'), value: 'mesh.trustDomain' },
  { of: 'TokenIssuer/platform', at: 'spec.issuer', expression: issuer },
];

const POD = 'spec.template.spec';
/** What every pod may be given. */
const scheduling = ['nodeSelector', 'tolerations', 'affinity', 'priorityClassName'] as const;

export const ADDITIONS: readonly Addition[] = [
  ...Object.entries(PARTS).flatMap(([name, part]): Addition[] => [
    { of: `Deployment/${name}`, at: CONTAINER, key: 'imagePullPolicy', value: 'images.pullPolicy' },
    { of: `Deployment/${name}`, at: `${CONTAINER}.env`, value: `${part}.extraEnv` },
    { of: `Deployment/${name}`, at: POD, key: 'imagePullSecrets', value: 'images.pullSecrets' },
    ...scheduling.map((key): Addition => ({ of: `Deployment/${name}`, at: POD, key, value: `${part}.${key}` })),
    {
      of: `Deployment/${name}`,
      at: 'spec.template.metadata',
      key: 'annotations',
      value: `${part}.podAnnotations`,
    },
    { of: `Deployment/${name}`, at: 'spec.template.metadata.labels', value: `${part}.podLabels` },
  ]),
  { of: 'Gateway/edge', at: 'metadata', key: 'annotations', value: 'edgeGateway.annotations' },
  { of: 'Gateway/public', at: 'metadata', key: 'annotations', value: 'publicGateway.annotations' },
];
