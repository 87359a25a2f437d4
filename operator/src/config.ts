import type { MeshFacts } from '@sekisho/policy';
import {
  type ListenAddress,
  ListenSchema,
  LOG_LEVELS,
  type LogLevel,
  parseListen,
  readConfig,
} from '@sekisho/telemetry';
import { Type } from 'typebox';
import { type AdmissionConfig, AdmissionEnvironment, admissionConfigFrom } from './admission/config.ts';

const Environment = Type.Object({
  KUBECONFIG: Type.Optional(Type.String({ description: 'path of a kubeconfig; leave it out inside a pod' })),
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
  JWKS_REFRESH_SECONDS: Type.Integer({
    minimum: 5,
    maximum: 86_400,
    default: 300,
    description: 'how often key sets are fetched, 5 to 86400 seconds',
  }),
  LOG_LEVEL: Type.Union(
    LOG_LEVELS.map((level) => Type.Literal(level)),
    { default: 'info', description: `one of ${LOG_LEVELS.join(', ')}` },
  ),
  ...AdmissionEnvironment,
});

export interface Config {
  readonly kubeconfig: string | undefined;
  readonly listen: ListenAddress;
  readonly mesh: MeshFacts;
  readonly jwksRefreshMs: number;
  readonly logLevel: LogLevel;
  /** Undefined: no webhook is served. */
  readonly admission: AdmissionConfig | undefined;
}

/** @throws ConfigError of @sekisho/telemetry, naming each variable that is wrong */
export function configFrom(env: Readonly<Record<string, string | undefined>>): Config {
  const read = readConfig(Environment, env);
  return {
    kubeconfig: read.KUBECONFIG,
    listen: parseListen('OPERATOR_LISTEN', read.OPERATOR_LISTEN),
    mesh: { trustDomain: read.TRUST_DOMAIN, rootNamespace: read.ROOT_NAMESPACE },
    jwksRefreshMs: read.JWKS_REFRESH_SECONDS * 1000,
    logLevel: read.LOG_LEVEL,
    admission: admissionConfigFrom(read),
  };
}
