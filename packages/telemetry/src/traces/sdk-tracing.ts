import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  ParentBasedSampler,
  type Span,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { formatTraceparent, parseTraceparent } from './trace-context.ts';
import type { Incoming, OpenSpan, SpanOptions, Tracing } from './tracing.ts';

export interface SdkTracingOptions {
  readonly resource: Readonly<Record<string, string>>;
  /** Of the traces that begin here, the share that is recorded: 0 to 1. */
  readonly rootRatio: number;
  /** Takes ended spans. */
  readonly processor: SpanProcessor;
}

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;
/** A span that grows without bound is a defect of ours, and no reason to send megabytes. */
const LIMITS = { attributeCountLimit: 32, attributeValueLengthLimit: 256, eventCountLimit: 8, linkCountLimit: 8 };
/** https://www.w3.org/TR/trace-context/#tracestate-limits */
const MAX_TRACESTATE = 512;

/**
 * Spans of OpenTelemetry's SDK. Which one the code runs within is kept here, and not in the API's global context: two processes' parts in
 * one test never meet.
 */
export function createSdkTracing({ resource, rootRatio, processor }: SdkTracingOptions): Tracing {
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(rootRatio) }),
    resource: resourceFromAttributes(resource),
    spanProcessors: [processor],
    spanLimits: LIMITS,
  });
  const tracer = provider.getTracer('sekisho');
  const active = new AsyncLocalStorage<Span>();

  const start = ({ name, kind = 'internal', attributes = {} }: SpanOptions, parent: Context, startTime?: number) => {
    const options = { kind: KINDS[kind], attributes, ...(startTime !== undefined && { startTime }) };
    const span = tracer.startSpan(name, options, parent);
    return isRecording(span) ? span : undefined;
  };
  /** Work that goes on after its request was answered is no part of it any more. */
  const current = (): Context | undefined => {
    const span = active.getStore();
    return span?.isRecording() === true ? trace.setSpan(ROOT_CONTEXT, span) : undefined;
  };
  return {
    enabled: true,
    serve(incoming) {
      const parent = parentOf(incoming, rootRatio > 0);
      const span = parent && start({ kind: 'server', ...incoming }, parent);
      return span && openSpan(span, active);
    },
    child(options) {
      const parent = current();
      const span = parent && start(options, parent);
      return span && openSpan(span, active);
    },
    past(options, { tookMs, ...outcome }) {
      const parent = current();
      const span = parent && start(options, parent, Date.now() - tookMs);
      if (span !== undefined) openSpan(span, active).end(outcome);
    },
    stop: () => provider.shutdown(),
  };
}

function isRecording(span: ReturnType<ReturnType<TracerProvider['getTracer']>['startSpan']>): span is Span {
  return span.isRecording();
}

/** @returns undefined where it is known already that nothing is recorded */
function parentOf({ traceparent, tracestate }: Incoming, rootsAreRecorded: boolean): Context | undefined {
  const parent = parseTraceparent(traceparent);
  if (parent === undefined) return rootsAreRecorded ? ROOT_CONTEXT : undefined;
  if (!parent.sampled) return undefined;
  const isKept = tracestate !== undefined && tracestate.length <= MAX_TRACESTATE;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    ...(isKept && { traceState: createTraceState(tracestate) }),
  });
}

function openSpan(span: Span, active: AsyncLocalStorage<Span>): OpenSpan {
  const { traceId, spanId, traceState } = span.spanContext();
  return {
    traceId,
    traceparent: formatTraceparent({ traceId, spanId, sampled: true }),
    tracestate: traceState?.serialize(),
    run: (work) => active.run(span, work),
    end({ attributes, errorType } = {}) {
      if (attributes !== undefined) span.setAttributes(attributes);
      if (errorType !== undefined) {
        span.setAttribute('error.type', errorType);
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}
