import { type AuditContext, parseTraceparent } from '@sekisho/telemetry';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuthAuditTrail } from '../audit/trail.ts';
import { knownAdministrator } from './authorize.ts';
import { answeredCode } from './problem.ts';

/** Whom a request is refused for who they are or what they may, or how often they ask. */
const DENIED: ReadonlySet<number> = new Set([401, 403, 429]);

/** What is told while a request is served belongs to it, and so does that it was denied. */
export function auditRequests(app: Pick<FastifyInstance, 'addHook'>, audit: AuthAuditTrail): void {
  app.addHook('onRequest', (request, _, done) => audit.within(contextOf(request), done));
  app.addHook('onResponse', async (request, reply) => {
    if (DENIED.has(reply.statusCode)) tellDenied(audit, request, reply);
  });
}

function tellDenied(audit: AuthAuditTrail, request: FastifyRequest, reply: FastifyReply): void {
  const { method, routeOptions } = request;
  const administrator = knownAdministrator(request);
  const actor = administrator && { user: administrator.subject, session: administrator.session };
  const details = { method, route: routeOptions.url, status: reply.statusCode };
  audit.tell({ action: 'request', outcome: 'denied', code: answeredCode(reply), actor, details }, contextOf(request));
}

function contextOf({ id, headers: { traceparent } }: FastifyRequest): AuditContext {
  const trace = parseTraceparent(typeof traceparent === 'string' ? traceparent : undefined);
  return { requestId: id, ...(trace !== undefined && { traceId: trace.traceId }) };
}
