import { type Environment, readConfig } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { endpointOf, resourceAttributes, rootRatio, TraceEnvironment } from './config.ts';
import { NO_TRACING, type Tracing } from './tracing.ts';

export interface TracingParts {
  readonly log: Logger;
  /** Count what becomes of spans. @default nobody counts */
  readonly metrics?: Metrics;
  /** Delivers spans. @default the global fetch */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Tracing as the environment asks for it. Without an endpoint nothing is recorded, and nothing of OpenTelemetry's SDK is even loaded.
 * @param service `service.name` where the environment gives none
 * @throws ConfigError listing every variable that is wrong
 */
export async function openTracing(service: string, environment: Environment, parts: TracingParts): Promise<Tracing> {
  const env = readConfig(TraceEnvironment, environment);
  const url = endpointOf(env);
  if (url === undefined) return NO_TRACING;
  const resource = resourceAttributes(service, env);
  const { createSdkTracing, createOtlpDelivery, SpanQueue, SPAN_RESULTS } = await import('./sdk.ts');
  const { log, metrics, fetch = globalThis.fetch } = parts;
  const spans = metrics?.counter({
    name: 'trace_spans_total',
    help: 'Spans that were recorded, by what became of them',
    labels: { result: SPAN_RESULTS },
  });
  const processor = new SpanQueue({
    deliver: createOtlpDelivery({ url, fetch, timeoutMs: env.OTEL_EXPORTER_OTLP_TIMEOUT, onState: outageTeller(log) }),
    maxSpans: env.OTEL_BSP_MAX_QUEUE_SIZE,
    batchSize: Math.min(env.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, env.OTEL_BSP_MAX_QUEUE_SIZE),
    delayMs: env.OTEL_BSP_SCHEDULE_DELAY,
    after: afterTimer,
    count: (result, amount) => spans?.add(amount, { result }),
  });
  return createSdkTracing({ resource, rootRatio: rootRatio(env), processor });
}

function outageTeller(log: Logger): (state: 'failing' | 'working', err?: unknown) => void {
  return (state, err) => {
    if (state === 'failing')
      log.warn({ err }, 'spans cannot be delivered, those that there is no room for are dropped');
    else log.info('spans are delivered again');
  };
}

/** Spans that wait keep no process alive: who ends it stops tracing first. */
function afterTimer(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
