import type { FastifyInstance, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { Caller } from './caller.ts';
import { isRefusal } from './errors.ts';
import { forWholeApplication } from './fastify-plugin.ts';
import { answerIdentityError } from './fastify-problems.ts';
import { guards } from './guards.ts';
import { createIdentify, type IdentityOptions } from './identify.ts';
import { receivedRequest } from './node-response.ts';
import type { Requirement } from './require.ts';

export { answerFrameworkError, answerIdentityError, problems } from './fastify-problems.ts';

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
  async (app: FastifyInstance, options: IdentityOptions) => {
    const identify = createIdentify(options);
    app.decorateRequest('caller');
    app.addHook('onRequest', (request, reply) =>
      answerRefusal(request, reply, async () => {
        request.caller = await identify(receivedRequest(request.raw));
      }),
    );
  },
);

export const { requireToken, requirePermission, requireRole, requireCaller } = guards(preHandler);

function preHandler(requirement: Requirement): preHandlerAsyncHookHandler {
  return (request, reply) => answerRefusal(request, reply, async () => requirement(request.caller));
}

/** Answers an IdentityError itself, so that a refusal never depends on the application's error handler. */
async function answerRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  check: () => Promise<void>,
): Promise<unknown> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    request.log.info({ code: error.code, reason: error.message }, 'caller refused');
    return answerIdentityError(error, reply);
  }
}
