import { afterRunning, type Logger, NO_TRACING, type Tracing } from '@sekisho/telemetry';
import { traceRequests } from '@sekisho/telemetry/fastify';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyTypeProvider,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { AuthAuditTrail } from '../audit/trail.ts';
import { auditRequests } from './audit-requests.ts';
import { createClientErrorHandler } from './client-error.ts';
import { answerError, answeredCode, answerProblem } from './problem.ts';
import { readQuery } from './query.ts';
import { requestId } from './request-id.ts';

/** Gives handlers the static types of their TypeBox schemas. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

export type HttpServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxProvider
>;

const BODY_LIMIT = 16 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Answers hold tokens and accounts (RFC 6749 section 5.1); one that may be kept says so itself. None is a page, whatever
 * a browser makes of its text; those that are have headers of their own.
 */
const ANSWER_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const;

export interface ServerOptions {
  /** Addresses and networks whose `X-Forwarded-For` is believed. @default none: the client is who connects */
  readonly trustedProxies?: readonly string[];
  /** Time that this process runs for requests in flight when the server closes. @default 3000 */
  readonly drainMs?: number;
  /** @default nothing is recorded */
  readonly tracing?: Tracing | undefined;
  /** @default nobody is told of denials */
  readonly audit?: AuthAuditTrail | undefined;
}

/** A server that refuses what its schemas do not name, and answers every refusal as a problem. */
export function createServer(log: Logger, options: ServerOptions = {}): HttpServer {
  const { trustedProxies = [], drainMs = 3_000, tracing = NO_TRACING, audit } = options;
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    trustProxy: [...trustedProxies],
    genReqId: requestId,
    // fastify's defaults drop unknown fields and turn "1" into 1: a mistake would go unseen.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: true } },
    clientErrorHandler: createClientErrorHandler(log),
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  }).withTypeProvider<TypeBoxProvider>();
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((_, reply) =>
    answerProblem(reply, { status: 404, code: 'not_found', detail: 'there is nothing here' }),
  );
  traceRequests(app, tracing);
  if (audit !== undefined) auditRequests(app, audit);
  app.addHook('onRequest', async (_, reply) => {
    reply.headers(ANSWER_HEADERS);
  });
  app.addHook('preValidation', readQuery);
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    // The pattern of the route and not the path: what clients put in a path is theirs.
    const answer = { status: reply.statusCode, code: answeredCode(reply) };
    const fields = { method, route: routeOptions.url, ...answer, ms: Math.round(reply.elapsedTime) };
    request.log.info(fields, 'request answered');
  });
  drainOnClose(app, drainMs);
  return app;
}

/**
 * Loses no request and does not wait for ever: from then on each answer ends its connection (RFC 9112 section 9.6), so
 * that a proxy sends the next request elsewhere. What is left is cut, because once a server closes Node does not count
 * the time of half-sent requests any more.
 */
function drainOnClose(app: HttpServer, drainMs: number): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    if (!app.server.listening) return;
    const giveUp = afterRunning(drainMs, () => cutConnections(app));
    app.server.once('close', giveUp);
  });
  app.addHook('onSend', async (_, reply) => {
    if (closing) reply.header('connection', 'close');
  });
}

function cutConnections(app: HttpServer): void {
  app.server.getConnections((_, open) => {
    if (open > 0) app.log.warn({ open }, 'connections were cut: the time for their requests is over');
    app.server.closeAllConnections();
  });
}
