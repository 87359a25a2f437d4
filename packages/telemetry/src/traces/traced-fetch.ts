import type { OpenSpan, Tracing } from './tracing.ts';
import { errorType } from './wrap.ts';

/** The part of `fetch` that is needed here: its own, undici's, or one that is made of either. */
export type TracedFetch<I, R> = (url: string, init: I) => Promise<R>;

interface Init {
  readonly method?: string;
  readonly headers?: NonNullable<ConstructorParameters<typeof Headers>[0]>;
}

/**
 * The same fetch, with a client span around each request that is part of a recorded trace, and that span as its `traceparent`.
 * @param peer whom it asks, as `peer.service`
 */
export function tracedFetch<I extends Init, R extends { readonly status: number }>(
  tracing: Tracing,
  peer: string,
  fetch: TracedFetch<I, R>,
): TracedFetch<I, R> {
  if (!tracing.enabled) return fetch;
  return (url, init) => {
    const { method = 'GET', headers } = init;
    const span = tracing.child({ name: method, kind: 'client', attributes: attributesOf(url, method, peer) });
    if (span === undefined) return fetch(url, init);
    const traced = { ...init, headers: headersOf(headers, span) };
    return asked(span, () => fetch(url, traced));
  };
}

/** Without the path: ids stand in it, and codes of OAuth in its query. */
function attributesOf(url: string, method: string, peer: string) {
  const { hostname, port, protocol } = new URL(url);
  return {
    'http.request.method': method,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    'peer.service': peer,
  };
}

/** For who asks, a refusal is a failure, too (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status). */
async function asked<R extends { readonly status: number }>(span: OpenSpan, ask: () => Promise<R>): Promise<R> {
  try {
    const answer = await span.run(ask);
    const { status } = answer;
    const failed = status >= 400 ? String(status) : undefined;
    span.end({ attributes: { 'http.response.status_code': status }, errorType: failed });
    return answer;
  } catch (error) {
    span.end({ errorType: errorType(error) });
    throw error;
  }
}

/** This span in the place of the one that the request being served came with. */
function headersOf(given: Init['headers'], { traceparent, tracestate }: OpenSpan): Record<string, string> {
  const headers = new Headers(given);
  headers.set('traceparent', traceparent);
  if (tracestate !== undefined) headers.set('tracestate', tracestate);
  return Object.fromEntries(headers);
}
