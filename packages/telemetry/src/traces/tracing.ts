import type { Attributes } from '@opentelemetry/api';

export type { Attributes } from '@opentelemetry/api';

/** As in OpenTelemetry: `server` answers somebody, `client` asks somebody. */
export type SpanKind = 'internal' | 'client' | 'server';

export interface SpanOptions {
  /** Of few values: `jwt.verify`, or method and route, never a path. */
  readonly name: string;
  /** @default 'internal' */
  readonly kind?: SpanKind;
  /** Never a token, a cookie, or who the user is. */
  readonly attributes?: Attributes;
}

/** A piece of work that came from outside, with the trace that it belongs to. */
export interface Incoming extends SpanOptions {
  /** The header as it came. Without one a trace begins here, if the sampler wants it. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

export interface Outcome {
  readonly attributes?: Attributes;
  /** What failed, of few values: a stable code, or the class of an error. @default nothing did */
  readonly errorType?: string | undefined;
}

export interface OpenSpan {
  readonly traceId: string;
  /** For requests that are part of this span. */
  readonly traceparent: string;
  readonly tracestate: string | undefined;
  /** Runs work, and whatever it awaits, within the span. */
  run<R>(work: () => R): R;
  /** Once. */
  end(outcome?: Outcome): void;
}

/**
 * Spans of this process. Whether a trace is recorded is decided once, where it begins, and honoured here: what is recorded arrives whole, and
 * what is not costs nothing but a look at its header.
 */
export interface Tracing {
  /** False where nothing is ever recorded. */
  readonly enabled: boolean;
  /** Begins what came from outside; undefined where its trace is not recorded. */
  serve(incoming: Incoming): OpenSpan | undefined;
  /** Begins a part of the span within which this runs; undefined outside of one. */
  child(options: SpanOptions): OpenSpan | undefined;
  /** The same for a part that just ended, by the milliseconds that it took. */
  past(options: SpanOptions, ended: Outcome & { readonly tookMs: number }): void;
  /** Delivers what is left, within bounded time. */
  stop(): Promise<void>;
}

/** Records nothing. */
export const NO_TRACING: Tracing = {
  enabled: false,
  serve: () => undefined,
  child: () => undefined,
  past: () => undefined,
  stop: async () => undefined,
};
