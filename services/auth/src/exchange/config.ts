import { type ApiServerPlace, apiServerPlace, KubeEnvironment } from '@sekisho/kube';
import { ConfigError } from '@sekisho/telemetry';
import { type Static, Type } from 'typebox';

/** Where the keys are that ServiceAccount tokens are signed with. */
export type WorkloadKeySource =
  | ({ readonly kind: 'cluster' } & ApiServerPlace)
  | { readonly kind: 'file'; readonly path: string; readonly issuer: string };

/** Variables of token exchange. */
export const WorkloadEnvironment = {
  WORKLOAD_KEYS: Type.Optional(
    Type.String({
      pattern: '^(cluster|/.+)$',
      description:
        '`cluster` to read the keys of ServiceAccount tokens from the API server, or a file with the key set',
    }),
  ),
  WORKLOAD_ISSUER: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'the iss of ServiceAccount tokens, beside a file' }),
  ),
};

const WorkloadConfig = Type.Object({
  ...WorkloadEnvironment,
  ...KubeEnvironment,
});

/**
 * @returns undefined when workloads exchange no tokens here
 * @throws ConfigError when the variables contradict each other
 */
export function workloadKeySource(config: Static<typeof WorkloadConfig>): WorkloadKeySource | undefined {
  const { WORKLOAD_KEYS: keys, WORKLOAD_ISSUER: issuer } = config;
  if (keys === undefined) return undefined;
  if (keys === 'cluster') {
    const place = apiServerPlace(config);
    if (place.kubeconfig === undefined && place.pod === undefined) throw wrong('WORKLOAD_KEYS', NO_CLUSTER);
    if (issuer !== undefined) throw wrong('WORKLOAD_ISSUER', 'is told by the cluster: leave it out');
    return { kind: 'cluster', ...place };
  }
  if (issuer === undefined)
    throw wrong('WORKLOAD_ISSUER', 'is not set: a file of keys needs the issuer they belong to');
  return { kind: 'file', path: keys, issuer };
}

const NO_CLUSTER = 'is `cluster`, but no cluster is known: this is no pod, and KUBECONFIG is not set';

function wrong(variable: string, text: string): ConfigError {
  return new ConfigError([{ variable, text }]);
}
