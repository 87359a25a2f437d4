import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { createSdkTracing } from '../traces/sdk-tracing.ts';
import type { Tracing } from '../traces/tracing.ts';

/** What a span tells, without ids that differ from run to run. */
export interface ToldSpan {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parentSpanId: string | undefined;
  readonly spanId: string;
  readonly traceId: string;
  readonly failed: boolean;
}

/** As a sampling proxy sends it. */
export const SAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
export const UNSAMPLED = SAMPLED.replace(/01$/, '00');

/** Tracing whose ended spans are kept. */
export function keptTracing(rootRatio = 1): { readonly tracing: Tracing; readonly spans: ToldSpan[] } {
  const spans: ToldSpan[] = [];
  const processor: SpanProcessor = {
    onStart: () => undefined,
    onEnd: (span) => void spans.push(told(span)),
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  return { tracing: createSdkTracing({ resource: { 'service.name': 'test' }, rootRatio, processor }), spans };
}

const STATUS_ERROR = 2;

function told(span: ReadableSpan): ToldSpan {
  const { name, attributes, parentSpanContext, status } = span;
  const { spanId, traceId } = span.spanContext();
  return {
    ...{ name, attributes, spanId, traceId },
    parentSpanId: parentSpanContext?.spanId,
    failed: status.code === STATUS_ERROR,
  };
}
