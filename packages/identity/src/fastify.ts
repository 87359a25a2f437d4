import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { Caller } from './caller.ts';
import { IdentityError } from './errors.ts';
import { forWholeApplication } from './fastify-plugin.ts';
import { answerIdentityError } from './fastify-problems.ts';
import type { HeaderBag } from './headers.ts';
import { type CallerOptions, readCaller } from './read-caller.ts';
import {
  type CallerPattern,
  needsCaller,
  needsPermission,
  needsRole,
  needsToken,
  type Requirement,
} from './require.ts';

export { answerIdentityError, problems } from './fastify-problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, as this workload's Envoy verified it. */
    caller: Caller;
  }
}

/**
 * Gives every request of the application its `caller`. Register it before the routes:
 * ```ts
 * await app.register(identity, { service: 'bucket' });
 * app.get('/items', { preHandler: requirePermission('bucket:read') }, ({ caller }) => list(tokenCaller(caller).id));
 * ```
 * A request whose caller cannot be read is answered with a problem before any handler runs.
 */
export const identity = forWholeApplication(
  '@sekisho/identity',
  async (app: FastifyInstance, options: CallerOptions) => {
    app.decorateRequest('caller');
    app.addHook('onRequest', (request, reply) =>
      answerRefusal(request, reply, () => {
        request.caller = readCaller(trustedHeaders(request), options);
      }),
    );
  },
);

/** Envoy checks no token on a CORS preflight, so whatever such a request claims was not verified. */
function trustedHeaders({ method, headers }: FastifyRequest): HeaderBag {
  const preflight = method === 'OPTIONS' && headers.origin && headers['access-control-request-method'];
  return preflight ? { 'x-forwarded-client-cert': headers['x-forwarded-client-cert'] } : headers;
}

/** A preHandler: 401 without a token. */
export function requireToken(): preHandlerAsyncHookHandler {
  return preHandler(needsToken);
}

/** A preHandler: 401 without a token, 403 when the token does not grant the permission at this service. */
export function requirePermission(permission: string): preHandlerAsyncHookHandler {
  return preHandler(needsPermission(permission));
}

/** A preHandler: 401 without a token, 403 when the user does not have the role. */
export function requireRole(role: string): preHandlerAsyncHookHandler {
  return preHandler(needsRole(role));
}

/** A preHandler: 403 unless the direct caller is one of these workloads, by mTLS. */
export function requireCaller(...allowed: readonly CallerPattern[]): preHandlerAsyncHookHandler {
  return preHandler(needsCaller(allowed));
}

function preHandler(requirement: Requirement): preHandlerAsyncHookHandler {
  return (request, reply) => answerRefusal(request, reply, () => requirement(request.caller));
}

/** Answers an IdentityError itself, so that a refusal never depends on the application's error handler. */
async function answerRefusal(request: FastifyRequest, reply: FastifyReply, check: () => void): Promise<unknown> {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    request.log.info({ code: error.code, reason: error.message }, 'caller refused');
    return answerIdentityError(error, reply);
  }
}
