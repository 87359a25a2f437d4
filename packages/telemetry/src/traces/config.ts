import { type Static, Type } from 'typebox';
import { ConfigError } from '../config.ts';

/** Without credentials: `fetch` takes none, and repeats them in its error. */
const URL_PATTERN = String.raw`^https?://(\[[\da-fA-F:.]+\]|[^\s?#@/\\:[\]]+)(:\d{1,5})?(/[^\s?#]*)?$`;
const Url = (description: string) => Type.Optional(Type.String({ pattern: URL_PATTERN, maxLength: 512, description }));

/**
 * Where spans go, by OpenTelemetry's own variables (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/),
 * as far as they say something here. Headers for the collector are none: a secret does not belong into an environment, and a collector
 * inside the mesh knows by mTLS who asks.
 */
export const TraceEnvironment = Type.Object({
  OTEL_SDK_DISABLED: Type.Boolean({ default: false, description: 'true or false' }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Url(
    'base URL of a collector for OTLP over HTTP, for example http://otel-collector:4318',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Url('the whole URL for traces, for example http://otel-collector:4318/v1/traces'),
  OTEL_EXPORTER_OTLP_PROTOCOL: Type.Literal('http/protobuf', {
    default: 'http/protobuf',
    description: 'http/protobuf: the one protocol that is spoken; collectors take it on port 4318',
  }),
  OTEL_EXPORTER_OTLP_TIMEOUT: Type.Integer({
    default: 10_000,
    minimum: 100,
    maximum: 60_000,
    description: 'milliseconds that one delivery may take, 100 to 60000',
  }),
  OTEL_TRACES_SAMPLER: Type.Union(
    [
      Type.Literal('parentbased_always_on'),
      Type.Literal('parentbased_always_off'),
      Type.Literal('parentbased_traceidratio'),
    ],
    {
      default: 'parentbased_always_on',
      description:
        'parentbased_always_on, parentbased_always_off or parentbased_traceidratio: what a proxy decided is not decided again',
    },
  ),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    default: 1,
    minimum: 0,
    maximum: 1,
    description: '0 to 1: of the traces that begin here, how many parentbased_traceidratio records',
  }),
  OTEL_SERVICE_NAME: Type.Optional(Type.String({ maxLength: 255, description: 'service.name of the spans' })),
  OTEL_RESOURCE_ATTRIBUTES: Type.String({
    default: '',
    maxLength: 4_096,
    description: 'KEY=VALUE,KEY=VALUE with values percent-encoded, for example k8s.pod.name=guard-0',
  }),
  OTEL_BSP_MAX_QUEUE_SIZE: Type.Integer({
    default: 2_048,
    minimum: 1,
    maximum: 65_536,
    description: 'spans that wait for delivery at most, 1 to 65536',
  }),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: Type.Integer({
    default: 128,
    minimum: 1,
    maximum: 2_048,
    description: 'spans of one delivery, 1 to 2048',
  }),
  OTEL_BSP_SCHEDULE_DELAY: Type.Integer({
    default: 1_000,
    minimum: 10,
    maximum: 60_000,
    description: 'milliseconds that a span waits for others, 10 to 60000',
  }),
});
export type TraceEnvironment = Static<typeof TraceEnvironment>;

/** @returns where spans are delivered to; undefined where nothing is recorded */
export function endpointOf(env: TraceEnvironment): string | undefined {
  if (env.OTEL_SDK_DISABLED) return undefined;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base && `${base.replace(/\/$/, '')}/v1/traces`);
}

/** Of the traces that begin in this process, the share that is recorded. */
export function rootRatio({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio }: TraceEnvironment): number {
  if (sampler === 'parentbased_traceidratio') return ratio;
  return sampler === 'parentbased_always_on' ? 1 : 0;
}

/**
 * What the spans of a process say about it.
 * @param service its name where the environment gives none
 * @throws ConfigError
 */
export function resourceAttributes(service: string, env: TraceEnvironment): Readonly<Record<string, string>> {
  const given = env.OTEL_RESOURCE_ATTRIBUTES.split(',').filter((pair) => pair.trim() !== '');
  const attributes = Object.fromEntries(given.map(keyAndValue));
  const name = env.OTEL_SERVICE_NAME ?? attributes['service.name'] ?? service;
  return { ...attributes, 'service.name': name };
}

const PAIR = /^\s*([\w./-]{1,255})\s*=\s*([\x21-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)\s*$/;

function keyAndValue(pair: string): [string, string] {
  const [, key, value] = PAIR.exec(pair) ?? [];
  if (key === undefined || value === undefined) throw unreadable();
  try {
    return [key, decodeURIComponent(value)];
  } catch {
    throw unreadable();
  }
}

function unreadable(): ConfigError {
  const text = 'must be KEY=VALUE,KEY=VALUE with values percent-encoded';
  return new ConfigError([{ variable: 'OTEL_RESOURCE_ATTRIBUTES', text }]);
}
