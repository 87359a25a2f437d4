import type { k8s } from 'cdk8s-plus-27';
import { ManifestError } from './errors.ts';
import { allowTo } from './network/network-policy.ts';
import type { Destination } from './network/network-props.ts';

/** About traces that begin in a process: what a proxy decided is never decided again (docs/adr/0032). */
export const SAMPLERS = ['parentbased_always_off', 'parentbased_always_on', 'parentbased_traceidratio'] as const;
/** As the processes read it: without credentials or a query. */
export const COLLECTOR_URL = {
  pattern: String.raw`^https?://(\[[\da-fA-F:.]+\]|[^\s?#@/\\:[\]]+)(:\d{1,5})?(/[^\s?#]*)?$`,
  maxLength: 512,
} as const;

/** Where operator, auth service and guard send their spans. */
export interface TracesProps {
  /** Base URL of a collector that takes OTLP over HTTP, for example `http://opentelemetry-collector.observability:4318`. */
  readonly endpoint: string;
  /** @default 'parentbased_always_off': proxies begin traces, and none begins here */
  readonly sampler?: (typeof SAMPLERS)[number];
  /** The pods or hosts behind it, which NetworkPolicies let out to. @default port 4318 of every address */
  readonly collector?: Destination;
}

const COLLECTOR: Destination = { ports: [4318] };

/** Who a span is of, by OpenTelemetry's conventions for Kubernetes. */
const POD: readonly k8s.EnvVar[] = [
  { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
  // After both: a reference is replaced by what stands before it.
  { name: 'OTEL_RESOURCE_ATTRIBUTES', value: 'k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME)' },
];

/**
 * @param env of a container; what it names stays as it is
 * @returns with what has its process send spans; `env` itself where nothing is traced
 * @throws ManifestError `traces_invalid`
 */
export function withTraces(env: readonly k8s.EnvVar[], traces: TracesProps | undefined): readonly k8s.EnvVar[] {
  if (traces === undefined) return env;
  const given = new Set(env.map(({ name }) => name));
  return [...env, ...[...POD, ...variables(traces)].filter(({ name }) => !given.has(name))];
}

function variables({ endpoint, sampler = 'parentbased_always_off' }: TracesProps): k8s.EnvVar[] {
  if (endpoint.length > COLLECTOR_URL.maxLength || !new RegExp(COLLECTOR_URL.pattern).test(endpoint)) {
    throw new ManifestError(
      'traces_invalid',
      'traces.endpoint must be the base URL of a collector, without credentials, for example http://otel-collector:4318',
    );
  }
  return [
    { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: endpoint },
    { name: 'OTEL_TRACES_SAMPLER', value: sampler },
  ];
}

/** The rule that lets spans out; none where nothing is traced. */
export function allowToCollector(traces: TracesProps | undefined): k8s.NetworkPolicyEgressRule[] {
  return traces === undefined ? [] : allowTo(traces.collector ?? COLLECTOR);
}
