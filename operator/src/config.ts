import { type ApiServerPlace, apiServerPlace, KubeEnvironment } from '@sekisho/kube';
import type { MeshFacts } from '@sekisho/policy';
import {
  ConfigError,
  type ListenAddress,
  ListenSchema,
  type LogLevel,
  LogLevelSchema,
  parseListen,
  readConfig,
} from '@sekisho/telemetry';
import { type Static, Type } from 'typebox';
import { type AdmissionConfig, AdmissionEnvironment, admissionConfigFrom } from './admission/config.ts';
import { type EnforceConfig, EnforceEnvironment, enforceConfigFrom } from './enforce/config.ts';
import type { MeshConfigPlace } from './observe/mesh-config.ts';

const DNS_LABEL = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';

const Environment = Type.Object({
  ...KubeEnvironment,
  OPERATOR_LISTEN: ListenSchema('where /healthz, /readyz and /metrics are served', { default: '127.0.0.1:9090' }),
  TRUST_DOMAIN: Type.String({
    pattern: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$',
    default: 'cluster.local',
    description: 'trustDomain of the mesh config',
  }),
  ROOT_NAMESPACE: Type.String({
    pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
    default: 'istio-system',
    description: 'rootNamespace of the mesh config, where no policy is programmed',
  }),
  MESH_CONFIG_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'file with the mesh config, where istiod is given one with --meshConfig',
    }),
  ),
  MESH_CONFIG_MAP: Type.String({
    pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$',
    default: 'istio-system/istio',
    description: 'namespace/name of the ConfigMap with the mesh config, unless MESH_CONFIG_FILE is set',
  }),
  JWKS_REFRESH_SECONDS: Type.Integer({
    minimum: 5,
    maximum: 86_400,
    default: 300,
    description: 'how often key sets are fetched, 5 to 86400 seconds',
  }),
  LEADER_ELECTION: Type.Optional(
    Type.Boolean({ description: 'true or false: whether replicas elect the one that writes; true inside a pod' }),
  ),
  LEASE_DURATION_SECONDS: Type.Integer({
    minimum: 3,
    maximum: 300,
    default: 15,
    description: 'after how long another replica takes over from one that is gone, 3 to 300 seconds',
  }),
  POD_NAMESPACE: Type.Optional(Type.String({ pattern: DNS_LABEL, description: 'namespace of the Lease' })),
  POD_NAME: Type.Optional(Type.String({ maxLength: 253, description: 'who is shown as the holder of the Lease' })),
  KUBE_QPS: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 1_000,
    description: 'requests per second to the API server',
  }),
  KUBE_BURST: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 2_000,
    description: 'requests to the API server that may come at once',
  }),
  LOG_LEVEL: LogLevelSchema,
  ...AdmissionEnvironment,
  ...EnforceEnvironment,
});

export interface Config extends ApiServerPlace {
  readonly listen: ListenAddress;
  readonly mesh: MeshFacts;
  readonly meshConfig: MeshConfigPlace;
  readonly jwksRefreshMs: number;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number };
  /** Undefined: this process writes without asking anyone. */
  readonly election: ElectionConfig | undefined;
  readonly logLevel: LogLevel;
  /** Undefined: no webhook is served. */
  readonly admission: AdmissionConfig | undefined;
  /** Undefined: nobody asks istiod. */
  readonly enforcement: EnforceConfig | undefined;
}

export interface ElectionConfig {
  readonly namespace: string;
  /** Undefined outside a pod. */
  readonly podName: string | undefined;
  readonly leaseMs: number;
}

/** @throws ConfigError of @sekisho/telemetry, naming each variable that is wrong */
export function configFrom(env: Readonly<Record<string, string | undefined>>): Config {
  const read = readConfig(Environment, env);
  return {
    ...apiServerPlace(read),
    listen: parseListen('OPERATOR_LISTEN', read.OPERATOR_LISTEN),
    mesh: { trustDomain: read.TRUST_DOMAIN, rootNamespace: read.ROOT_NAMESPACE },
    meshConfig: placeOf(read),
    jwksRefreshMs: read.JWKS_REFRESH_SECONDS * 1000,
    rateLimit: { perSecond: read.KUBE_QPS, burst: read.KUBE_BURST },
    election: electionFrom(read),
    logLevel: read.LOG_LEVEL,
    admission: admissionConfigFrom(read),
    enforcement: enforceConfigFrom(read),
  };
}

function placeOf(read: Static<typeof Environment>): MeshConfigPlace {
  if (read.MESH_CONFIG_FILE !== undefined) return { file: read.MESH_CONFIG_FILE };
  const [namespace = '', name = ''] = read.MESH_CONFIG_MAP.split('/');
  return { namespace, name };
}

function electionFrom(read: Static<typeof Environment>): ElectionConfig | undefined {
  const { LEADER_ELECTION, POD_NAMESPACE, POD_NAME, LEASE_DURATION_SECONDS } = read;
  if (LEADER_ELECTION === false) return undefined;
  if (POD_NAMESPACE !== undefined) {
    return { namespace: POD_NAMESPACE, podName: POD_NAME, leaseMs: LEASE_DURATION_SECONDS * 1000 };
  }
  if (LEADER_ELECTION === undefined) return undefined;
  const text = 'is not set (namespace of the Lease; it is needed where LEADER_ELECTION is true)';
  throw new ConfigError([{ variable: 'POD_NAMESPACE', text }]);
}
