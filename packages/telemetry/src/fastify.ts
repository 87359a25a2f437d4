import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Incoming, Outcome, Tracing } from './traces/tracing.ts';

/** Probes and scrapes come every second and are nobody's request. */
const UNTRACED: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz', '/metrics']);

/** What is needed of an instance, whatever its types of requests are. */
type Hooks = Pick<FastifyInstance, 'addHook'>;

/**
 * A span for each request that is part of a recorded trace, within which its handler runs. By the route and never by the path. Call it
 * before hooks that do something.
 */
export function traceRequests(app: Hooks, tracing: Tracing): void {
  if (!tracing.enabled) return;
  app.addHook('onRequest', (request, reply, done) => {
    const span = UNTRACED.has(request.routeOptions.url) ? undefined : tracing.serve(incoming(request));
    if (span === undefined) return done();
    endWith(reply.raw, (result) => span.end(result));
    span.run(done);
  });
}

function incoming({ method, routeOptions: { url }, headers }: FastifyRequest): Incoming {
  return {
    name: url === undefined ? method : `${method} ${url}`,
    traceparent: single(headers['traceparent']),
    tracestate: single(headers['tracestate']),
    attributes: { 'http.request.method': method, ...(url !== undefined && { 'http.route': url }) },
  };
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join(',');
}

/** Whatever becomes of an answer, also when something else than fastify gives it, or its client goes away. */
function endWith(response: ServerResponse, end: (outcome: Outcome) => void): void {
  let ended = false;
  const once = (outcome: Outcome) => {
    if (!ended) end(outcome);
    ended = true;
  };
  response.once('finish', () => once(outcomeOf(response.statusCode)));
  response.once('close', () => once({ errorType: 'aborted' }));
}

/** https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status: what a client did wrong is no failure of the server. */
function outcomeOf(status: number): Outcome {
  const attributes = { 'http.response.status_code': status };
  return { attributes, ...(status >= 500 && { errorType: String(status) }) };
}
