import type { HeaderBag } from './headers.ts';

/** https://istio.io/latest/docs/tasks/observability/distributed-tracing/overview/#trace-context-propagation */
const TRACE_HEADERS = ['x-request-id', 'traceparent', 'tracestate'] as const;

export type TraceHeaders = Readonly<Partial<Record<(typeof TRACE_HEADERS)[number], string>>>;

/** What ties a call to the request it serves: send it along as it came. No credential is among it. */
export function traceHeaders(headers: HeaderBag): TraceHeaders {
  return Object.fromEntries(
    TRACE_HEADERS.flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
}
